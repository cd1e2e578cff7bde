package world

import "math/rand/v2"

// shopGroups are the customer groups and custom fields of the shop.
func (b *builder) shopGroups(_ *rand.Rand) {}
