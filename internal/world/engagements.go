package world

import "math/rand/v2"

// engagements are what the CRM holds beside master data, deals and notes.
func (b *builder) engagements(_ *rand.Rand) {}
