package world

import "math/rand/v2"

// conversations are the tickets' comments, and the tags and fields of users.
func (b *builder) conversations(_ *rand.Rand) {}
