package world

import (
	"math/rand/v2"
	"slices"
	"time"
)

// ShopGroup is a customer group of the shop.
type ShopGroup struct {
	ID        int64
	Name      string
	Members   []int64 // customers
	CreatedAt time.Time
	ChangedAt time.Time
}

// ReturnedLine is a line of an order that came back with a refund.
type ReturnedLine struct {
	OrderID  int64
	RefundID int64
	Line     int // index into the order's lines
	Quantity int64
}

// ShopProfile is what the shop's own fields say about a customer.
type ShopProfile struct {
	CustomerID int64
	Roast      string // the favourite one, empty for unknown
	Points     int64  // of the loyalty scheme
}

// firstShopGroup is the id before the groups' first one.
const firstShopGroup = 370000

// shopGroups are the customer groups and custom fields of the shop, and what came
// back with its refunds.
func (b *builder) shopGroups(r *rand.Rand) {
	shop := &b.w.Shop
	made := b.ago(1500)
	group := func(name string) *ShopGroup {
		g := &ShopGroup{ID: firstShopGroup + int64(len(shop.Groups)) + 1, Name: name, CreatedAt: made, ChangedAt: made.AddDate(0, 1, 0)}
		shop.Groups = append(shop.Groups, g)
		return g
	}
	regulars, club, trade := group("Stammkunden"), group("Barista-Klub"), group("Gastronomie")
	group("Messe Frühjahr") // nobody came
	for _, c := range shop.Customers {
		if c.Guest || c.Deleted {
			continue
		}
		p := &ShopProfile{CustomerID: c.ID}
		switch {
		case c.ID == StarPersonShopID:
			regulars.Members, club.Members = append(regulars.Members, c.ID), append(club.Members, c.ID)
			p.Roast, p.Points = "Röstung Dachgarten", 1240
		case c.ID == StarCompanyAccountID:
			trade.Members = append(trade.Members, c.ID)
			p.Roast, p.Points = "Röstung Hafen", 310
		case chance(r, 35):
			for _, g := range []*ShopGroup{regulars, club, trade} {
				if chance(r, 40) {
					g.Members = append(g.Members, c.ID)
				}
			}
			p.Points = int64(10 * r.IntN(90))
			if chance(r, 60) {
				p.Roast = pick(r, []string{"Röstung Dachgarten", "Röstung Hafen", "Röstung Nachtschicht"})
			}
		default:
			continue
		}
		shop.Profiles = append(shop.Profiles, p)
	}
	for _, o := range shop.Orders {
		for _, p := range o.Payments {
			for _, back := range p.Refunds {
				shop.Returned = append(shop.Returned, returned(o, p, back)...)
			}
		}
	}
}

// returned are the lines for which a refund gave the money back: all of them, one
// piece of one, or none where it is goodwill.
func returned(o *Order, p OrderPayment, back Refund) []*ReturnedLine {
	var out []*ReturnedLine
	for i, l := range o.Lines {
		one := &ReturnedLine{OrderID: o.ID, RefundID: back.ID, Line: i, Quantity: l.Quantity}
		switch {
		case back.Reason == "Kulanz":
		case back.Amount == p.Amount:
			out = append(out, one)
		case back.Amount == l.UnitPrice+TaxOf(l.UnitPrice, l.TaxRate) && out == nil:
			one.Quantity = 1
			out = append(out, one)
		}
	}
	return out
}

// GroupsOf are the groups of a customer, in the order of their ids.
func (s *Shop) GroupsOf(customer int64) []*ShopGroup {
	var out []*ShopGroup
	for _, g := range s.Groups {
		if slices.Contains(g.Members, customer) {
			out = append(out, g)
		}
	}
	return out
}
