package world

import "math/rand/v2"

// agreements are the ledger's quotations, returns, subscriptions and categories.
func (b *builder) agreements(_ *rand.Rand) {}
