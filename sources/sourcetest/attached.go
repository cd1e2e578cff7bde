package sourcetest

import (
	"context"
	"errors"
	"io"
	"slices"

	"customer360/sources"
	"customer360/sources/record"
)

// orderProbes are the capabilities that answer what hangs on an order.
func (s *suite) orderProbes(ctx context.Context, t TB, r *rig, orders []record.Ref, sample string) {
	s.probes = append(s.probes,
		listProbe(ctx, t, r, "order.returns", record.KindOrder, orders, sample,
			func(src sources.Source) sources.Batch[record.Ref, []record.Return] { return src.OrderReturns },
			func(t TB, k record.Ref, v record.Return) {
				if v.Order != k {
					t.Errorf("order.returns answers %s with %s, which undoes %q", show(k.ID), v.Self().ID, v.Order.ID)
				}
				s.wellFormed(t, "order.returns", record.KindReturn, v)
			}),
		listProbe(ctx, t, r, "order.invoices", record.KindOrder, orders, sample,
			func(src sources.Source) sources.Batch[record.Ref, []record.Invoice] { return src.OrderInvoices },
			func(t TB, k record.Ref, v record.Invoice) {
				if v.Order != k && !v.Order.Zero() {
					t.Errorf("order.invoices answers %s with %s, which charges %q", show(k.ID), v.Self().ID, v.Order.ID)
				}
				s.wellFormed(t, "order.invoices", record.KindInvoice, v)
			}))
}

// masterProbes are the capabilities that answer about a person's or company's record.
func (s *suite) masterProbes(ctx context.Context, t TB, r *rig, sample string) {
	s.probes = append(s.probes,
		listProbe(ctx, t, r, "segments", record.KindCustomer, s.town.refs, sample,
			func(src sources.Source) sources.Batch[record.Ref, []record.Segment] { return src.Segments },
			func(t TB, k record.Ref, v record.Segment) {
				s.wellFormed(t, "segments", "", told[record.Segment]{k, v})
			}),
		listProbe(ctx, t, r, "consents", record.KindCustomer, s.town.refs, sample,
			func(src sources.Source) sources.Batch[record.Ref, []record.Consent] { return src.Consents },
			func(t TB, k record.Ref, v record.Consent) {
				s.wellFormed(t, "consents", "", told[record.Consent]{k, v})
			}))
}

// told is something without a reference of its own, and whom it was told about.
type told[V any] struct {
	ref   record.Ref
	Value V
}

// Self is whom it was told about.
func (v told[V]) Self() record.Ref { return v.ref }

// listProbe is a capability that answers a short list by reference. Known keys are
// those with something in it, so that an answer can be told from none.
func listProbe[V any](ctx context.Context, t TB, r *rig, name string, kind record.Kind, refs []record.Ref, sample string,
	get func(sources.Source) sources.Batch[record.Ref, []V], fits func(TB, record.Ref, V)) probe {
	c := &capability[record.Ref, []V]{
		name: name, get: get, made: refMaker(kind, sample), odd: oddRefs(kind, sample),
		none: func(list []V) bool { return len(list) == 0 },
		fits: func(t TB, k record.Ref, list []V) {
			for _, v := range list {
				fits(t, k, v)
			}
		},
	}
	if get(r.src) == nil {
		return c
	}
	vals, err := ask(ctx, t, r, get(r.src), refs)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, ref := range refs {
		if len(vals[ref]) > 0 && !slices.Contains(c.known, ref) {
			c.known = append(c.known, ref)
		}
	}
	if len(c.known) == 0 {
		t.Errorf("%s has %s, but the world holds none: nothing was tested", r.s.h.Vendor, name)
	}
	return c
}

// documents checks the papers that records say they have.
func (s *suite) documents() []check {
	if s.sample.Document == nil {
		return []check{{"document", func(t TB) { t.Skipf("%s has no document", s.h.Vendor) }}}
	}
	return []check{{"document/read", func(t TB) {
		if len(s.papers) == 0 {
			t.Fatalf("%s has document, but no record of the world says that it has one: nothing was tested", s.h.Vendor)
		}
		r := s.open(t, "document")
		defer r.end(t)
		for _, of := range s.papers[:min(3, len(s.papers))] {
			d, err := r.src.Document(context.Background(), of)
			if err != nil {
				t.Errorf("opening the paper of %s: %v", show(of.ID), err)
				continue
			}
			body, err := io.ReadAll(d.Body)
			if errs := errors.Join(err, d.Body.Close()); errs != nil || len(body) == 0 {
				t.Errorf("the paper of %s: %d bytes, %v", show(of.ID), len(body), errs)
			}
			if d.ContentType == "" || d.Size >= 0 && d.Size != int64(len(body)) {
				t.Errorf("the paper of %s is %q of %d bytes, and has %d", show(of.ID), d.ContentType, d.Size, len(body))
			}
		}
	}}, {"document/unknown", func(t TB) {
		r := s.open(t, "document")
		defer r.end(t)
		kind, sample := record.KindInvoice, ""
		if len(s.papers) > 0 {
			kind, sample = s.papers[0].Kind, s.papers[0].ID
		}
		odd := append(oddRefs(kind, sample), refMaker(kind, sample)(1))
		for _, of := range odd {
			d, err := r.src.Document(context.Background(), of)
			if err == nil {
				_ = d.Body.Close()
				t.Errorf("the paper of %s, which exists nowhere, was opened", show(of.ID))
				continue
			}
			if !errors.Is(err, sources.ErrNotFound) {
				_ = typed(t, err)
			}
		}
	}}, {"document/down", func(t TB) {
		r := s.open(t, "document")
		defer r.end(t)
		r.gate.meet(faultNamed("500"), 0, -1)
		if len(s.papers) == 0 {
			return
		}
		if d, err := r.src.Document(context.Background(), s.papers[0]); err == nil {
			_ = d.Body.Close()
			t.Errorf("a paper was opened although the system is down")
		} else {
			_ = typed(t, err)
		}
	}}}
}
