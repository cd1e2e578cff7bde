package identity

// company is the company that a contact acts for, to be read if it is not known.
func (e *engine) company(r *rec) (c *rec, reading bool) {
	c, reading = e.pool.company(r, e.tried)
	if reading {
		e.wantRead(r.home)
		e.wantPeople(r.home) // whoever wants the company wants its people next
	}
	return c, reading
}

// names reports a person's record that names a company and carries an address or
// a number that the company or its contact s has: its switchboard will do.
func (e *engine) names(r, s, c *rec) (relation, bool) {
	if r.isCompany() || !c.isCompany() || !r.org.equals(c.firm) {
		return relation{}, false
	}
	var found Evidence
	if common := inBoth(r.emails, s.emails); len(common) > 0 && len(common[0].carriers) <= crowd {
		found = Evidence{Rule: ruleEmail, Field: "email", Points: pointsEmail, MatchedOn: common[0].id.Value}
	} else if common := inBoth(r.phones, s.phones); len(common) > 0 && len(common[0].carriers) <= crowd {
		found = Evidence{Rule: rulePhone, Field: "phone", Points: pointsPhone, MatchedOn: common[0].id.Value}
	} else {
		return relation{}, false
	}
	return relation{Certain, []Evidence{
		found,
		{Rule: ruleNamesFirm, Field: "organization", Points: pointsName, MatchedOn: r.p.Organization},
	}}, true
}

// sameFirm reports a company's record r that carries the address of a contact k
// of a company c of the same name, or is linked to that contact: the same
// company, for the address is the company's and the full name is equal. A name
// without a legal form that is as good as the contact's own is a person's.
func (p *pool) sameFirm(r, k, c *rec) (relation, bool) {
	if !r.home.Zero() || !c.firm.equals(r.firm) {
		return relation{}, false
	}
	if j := p.judge(r, k); !r.isCompany() && len(j.never) == 0 && len(j.oneKey) == 0 {
		return relation{}, false // as good as the contact's own name: "Keller" of the company Keller
	}
	named := Evidence{Rule: ruleCompanyName, Field: "name", Points: pointsName, MatchedOn: firmName(c.p)}
	if value, ok := p.linked(r, k); ok {
		return relation{Linked, []Evidence{{Rule: ruleForeignID, Field: "id", Points: pointsForeignID, MatchedOn: value}, named}}, true
	}
	common := inBoth(r.emails, k.emails)
	if len(common) == 0 || len(common[0].carriers) > crowd {
		return relation{}, false
	}
	return relation{Certain, []Evidence{{Rule: ruleEmail, Field: "email", Points: pointsEmail, MatchedOn: common[0].id.Value}, named}}, true
}

// firmTie is a company's record tied to another through that one's contacts.
type firmTie struct {
	firm *rec
	rel  relation
}

// firmsOfPeople are the companies' records tied to r through r's own contacts.
func (e *engine) firmsOfPeople(r *rec) []firmTie {
	var out []firmTie
	for _, k := range e.pool.peopleOf(r) {
		for _, s := range e.pool.neighbours(k) {
			if s == r || !s.home.Zero() {
				continue
			}
			if rel, ok := e.pool.sameFirm(s, k, r); ok {
				out = append(out, firmTie{s, rel})
			}
		}
	}
	return out
}
