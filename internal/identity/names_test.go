package identity

import (
	"strings"
	"testing"

	"customer360/sources/record"
)

// verdict of two names in one word.
func verdict(a agreement) string {
	switch {
	case a.contradicts():
		return "contradict"
	case a.family:
		return "family"
	case a.full && !a.doubt:
		return "full"
	case a.doubt:
		return "doubt"
	}
	return "fit"
}

// structured reads "Anna|Keller" as two fields, anything else as one.
func structured(s string) *record.Person {
	if given, family, ok := strings.Cut(s, "|"); ok {
		return &record.Person{GivenName: given, FamilyName: family}
	}
	return &record.Person{DisplayName: s}
}

func functions() []string { return DefaultRules().RoleMailboxes }

func TestCompareNames(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		// German, Austrian
		{"Anna|Keller", "Anna|Keller", "full"},
		{"Anna|Keller", "anna KELLER", "full"},
		{"Anna|Keller", "Keller, Anna", "full"},
		{"Anna|Keller", "Keller Anna", "fit"}, // turned round: one person, but not proven
		{"Anna|Keller", "A. Keller", "fit"},
		{"Anna|Keller", "A Keller", "fit"},
		{"Anna|Keller", "B. Keller", "contradict"},
		{"Anna|Keller", "Beat|Keller", "contradict"},
		{"Anna|Keller", "Anna|Meier", "family"},
		{"Anna|Keller", "|Keller", "fit"},
		{"Anna|Keller", "|Meier", "family"},
		{"Anna|Keller", "Keller", "fit"},
		{"Anna|Keller", "Anna", "fit"},
		{"Anna|Keller", "Beat", "family"}, // for all we know Beat is a family name
		{"Anna|Keller", "", "fit"},
		{"Anna|", "|Keller", "doubt"},
		{"Anna", "Keller", "doubt"},
		{"Jürg|Müller", "Juerg Mueller", "full"},
		{"Jürg|Müller", "Jurg Muller", "full"},
		{"Juerg|Müller", "Jürg Mueller", "full"},
		{"Björn|Löffler", "Bjo\u0308rn Lo\u0308ffler", "full"},
		{"Bärbel|Groß", "Baerbel Gross", "full"},
		{"Hans|Bauer", "Hans|Baur", "family"}, // ue is no umlaut here
		{"Hans|Mueller", "Hans|Muller", "family"},
		{"Samuel|Frey", "Samul|Frey", "contradict"},
		{"Hans-Peter|Frei", "Hans Peter Frei", "full"},
		{"Hans-Peter|Frei", "Hanspeter|Frei", "full"},
		{"Hans-Peter|Frei", "H.-P. Frei", "fit"},
		{"Hans-Peter|Frei", "H. P. Frei", "fit"},
		{"Hans-Peter|Frei", "Hans|Frei", "contradict"},
		{"Hans Peter|Frei", "Hans|Frei", "fit"}, // a second name may be missing
		{"Hans Peter|Frei", "Hans Ulrich|Frei", "contradict"},
		{"Anna Maria|Huber", "Maria|Huber", "contradict"},
		{"Hans|Zbinden sen.", "Hans|Zbinden jun.", "contradict"},
		{"Hans|Zbinden", "Hans Zbinden jun.", "doubt"},
		{"Hans|Zbinden jun.", "Hans Zbinden junior", "full"},
		{"Karl Maier d. Ä.", "Karl Maier d. J.", "contradict"},
		{"Karl Maier II", "Karl Maier III", "contradict"},
		{"Dr. Anna Keller", "Anna|Keller", "full"},
		{"Prof. Dr. med. Anna Keller", "Anna|Keller", "full"},
		{"Dipl.-Ing. Anna Keller", "Anna|Keller", "full"},
		{"Frau Anna Keller", "Anna|Keller", "full"},
		{"Frau A. Keller", "Herr A. Keller", "contradict"},
		{"Frau Keller", "Anna|Keller", "fit"},
		{"Mag. Anna Keller", "Anna|Keller", "full"},
		{"Anna Keller, Dr.", "Anna|Keller", "full"},
		{"Anna von Arx", "Anna|von Arx", "full"},
		{"Anna|Arx", "Anna von Arx", "fit"},
		{"Anna|von Berg", "Anna|van Berg", "family"},
		{"von Arx, Anna", "Anna von Arx", "full"},
		{"Ludwig|van der Berg", "Ludwig Vanderberg", "full"},
		{"Karl zu Hohenfels", "Karl|zu Hohenfels", "full"},
		{"Tina|Krüger", "Tina Krüger-Bergmann", "fit"},
		{"Tina|Krüger-Bergmann", "Tina|Bergmann", "fit"},
		{"Tina|Krüger-Bergmann", "Tina|Krüger-Frei", "family"},
		{"Tina|Krüger-Bergmann", "Tina|Bergmann-Krüger", "fit"},
		{"Tina Bergmann geb. Krüger", "Tina|Krüger", "full"},
		{"Martin Post", "Martin|Post", "full"},
		// Swiss: Romandy, Ticino
		{"François|Dupré", "Francois Dupre", "full"},
		{"Jean-Luc|Béguin", "J.-L. Beguin", "fit"},
		{"Mme Aurélie de Watteville", "Aurelie|de Watteville", "full"},
		{"M. Dupont", "Marie|Dupont", "fit"},
		{"Zoë|Chollet", "Zoe Chollet", "full"},
		{"Cœur|Lebœuf", "Coeur Leboeuf", "full"},
		{"Noémie|L'Eplattenier", "Noemie LEplattenier", "full"},
		// Italian
		{"Luca|D'Angelo", "Luca D’Angelo", "full"},
		{"Luca|D'Angelo", "Luca Dangelo", "full"},
		{"Niccolò|Della Valle", "Niccolo Della Valle", "full"},
		{"Signora Giulia Rossi", "Giulia|Rossi", "full"},
		{"Sig. Rossi", "Giulia|Rossi", "fit"},
		// Turkish
		{"Şükrü|Öztürk", "Sukru Ozturk", "full"},
		{"Şükrü|Öztürk", "Suekrue Oeztuerk", "full"},
		{"Işıl|Yıldız", "Isil Yildiz", "full"},
		{"İbrahim|Çağlar", "Ibrahim Caglar", "full"},
		// Slavic
		{"Łukasz|Wójcik", "Lukasz Wojcik", "full"},
		{"Dvořák, Antonín", "Antonin|Dvorak", "full"},
		{"Đorđe|Petrović", "Dorde Petrovic", "full"},
		{"Željka|Šimić", "Zeljka Simic", "full"},
		{"Оксана|Шевченко", "оксана шевченко", "full"},
		// Nordic, Iberian, Dutch
		{"Søren|Ærø", "Soeren Aeroe", "full"},
		{"María José|Núñez", "Maria Jose Nunez", "full"},
		{"Joost|van 't Hoff", "Joost van t Hoff", "full"},
		{"Chr. Meier", "Christian|Meier", "fit"},
		{"Chr. Meier", "Carla|Meier", "contradict"},
		{"Anna Keller (privat)", "Anna|Keller", "full"},
		{"Simon Martin", "Martin Simon", "fit"},
		{"Simon|Martin", "Martin|Simon", "contradict"},
		{"Anna Keller Meier", "Anna|Keller Meier", "full"},
		{"Gast", "Anna|Keller", "fit"},
		{"anna.keller@x.example", "Beat|Meier", "fit"},
	} {
		a, b := parseName(structured(c.a), functions()), parseName(structured(c.b), functions())
		if got := verdict(compareNames(a, b)); got != c.want {
			t.Errorf("%q and %q: %s, want %s", c.a, c.b, got, c.want)
		}
		if compareNames(a, b) != compareNames(b, a) {
			t.Errorf("%q and %q are not compared alike both ways", c.a, c.b)
		}
	}
}

func TestNobody(t *testing.T) {
	for name, want := range map[string]bool{
		"Familie Brunner": true, "Fam. Brunner": true, "Brunner Family": true, "Famille Béguin": true, "Famiglia Rossi": true,
		"Anna und Beat Keller": true, "A. & B. Keller": true, "Anna + Beat Keller": true, "Herr und Frau Keller": true, "Eheleute Frei": true,
		"Erben Hans Frei": true, "Buchhaltung": true, "Einkauf": true, "|Familie Frei": true, "Familie|Frei": true,
		"Anna Keller": false, "Martin|Post": false, "Keller": false, "": false, "Familia": true, "Und": false, "U. Frei": false,
	} {
		if got := parseName(structured(name), functions()).nobody; got != want {
			t.Errorf("%q names nobody: %v, want %v", name, got, want)
		}
	}
}

func TestFirms(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Muster AG", "Muster", true},
		{"Muster AG", "MUSTER ag", true},
		{"Muster AG", "Muster SA", true},
		{"Muster AG", "Muster Ltd.", true},
		{"Muster AG", "Muster GmbH", false},
		{"Muster GmbH", "Muster G.m.b.H.", true},
		{"Muster Sàrl", "Muster S.à r.l.", true},
		{"Muster Sàrl", "Muster GmbH", true},
		{"Muster S.A.", "Muster SA", true},
		{"Weber e.K.", "Weber e. K.", true},
		{"Weber e.K.", "Weber KG", false},
		{"Müller & Söhne AG", "Mueller und Soehne AG", true},
		{"Müller Söhne AG", "Mueller & Soehne GmbH", false},
		{"Gruber GmbH & Co. KG", "Gruber KG", true},
		{"Gruber GmbH & Co. KG", "Gruber GmbH", false},
		{"Hans-Sachs Apotheke", "Hans Sachs Apotheke", true},
		{"Keller AG", "Keller Immobilien AG", false},
		{"Keller, AG", "Keller AG", true},
		{"AG", "AG", true},
		{"", "", false},
		{"Sport Verein Muster", "Sport Muster", true},
	} {
		if got := parseFirm(c.a).equals(parseFirm(c.b)); got != c.want {
			t.Errorf("%q and %q: %v, want %v (%+v %+v)", c.a, c.b, got, c.want, parseFirm(c.a), parseFirm(c.b))
		}
	}
	for _, c := range []struct {
		p    record.Person
		want record.CustomerKind
	}{
		{record.Person{DisplayName: "Muster AG"}, record.Company},
		{record.Person{DisplayName: "Muster"}, record.Human},
		{record.Person{DisplayName: "Muster", VATID: "CHE123456788MWST"}, record.Company},
		{record.Person{DisplayName: "Maria Sá"}, record.Human},
		{record.Person{DisplayName: "Maria Sa"}, record.Human},
		{record.Person{DisplayName: "Muster SA"}, record.Company},
		{record.Person{DisplayName: "Muster AG", Kind: record.Human}, record.Human},
		{record.Person{GivenName: "Anna", FamilyName: "Keller", VATID: "DE123456788"}, record.Human},
		{record.Person{}, record.Human},
	} {
		if got := KindOf(c.p); got != c.want {
			t.Errorf("%q is a %s, want %s", c.p.DisplayName, got, c.want)
		}
	}
}

func TestCollective(t *testing.T) {
	l := DefaultRules().lists(Ask{})
	for name, want := range map[string]bool{
		"Laufkundschaft": true, "Diverse Debitoren": true, "CPD Deutschland": true, "Walk-in Kunden": true, "WALK IN": true, "Barverkauf Laden": true,
		"Diversa Handels AG": false, "Karl Laufer": false, "Anna Keller": false, "": false,
	} {
		if got := l.isCollective(&record.Person{DisplayName: name}); got != want {
			t.Errorf("%q collective: %v, want %v", name, got, want)
		}
	}
	if !l.isCollective(&record.Person{DisplayName: "Anna Keller", Collective: true}) {
		t.Error("a flag of the system does not count")
	}
}

func TestNever(t *testing.T) {
	r := DefaultRules()
	r.SelfDomains = []string{"acme.example", "bücher.example"}
	l := r.lists(Ask{})
	for address, want := range map[string]bool{
		"anna@acme.example": true, "anna@shop.acme.example": true, "anna@acme-freunde.example": false, "anna@xacme.example": false,
		"x@xn--bcher-kva.example": true, "x@BÜCHER.example": true,
		"noreply@x.example": true, "noreply+1@x.example": true, "noreply.anna@x.example": false, "keine@keine.example": true, "franz.keiner@x.example": false,
	} {
		if got := l.never(record.EmailKey(address)); got != want {
			t.Errorf("%s never a key: %v, want %v", address, got, want)
		}
	}
}

func TestCompareIDs(t *testing.T) {
	in := []string{"7", "9", "10", "099", "100", "a1", "company:3", "company:12", "contact:1"}
	for i, a := range in {
		for j, b := range in {
			if got := compareIDs(a, b); got < 0 != (i < j) || got == 0 != (i == j) {
				t.Errorf("compareIDs(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"Dr. Anna Keller", "Keller, Anna", "H.-P. von Arx jun.", "Müller & Söhne AG", "İbrahim Şükrü", "a\u0308\u0301", "S.à r.l.", "((", ",", "geb.", "ﬁrma", "Ǆ", "ϓ", "\xff", "d. Ä."} {
		f.Add(s, "Anna Keller")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if once := fold(a); fold(once) != once {
			t.Errorf("fold(%q) = %q, folded again %q", a, once, fold(once))
		}
		x, y := parseName(&record.Person{DisplayName: a}, functions()), parseName(&record.Person{GivenName: a, FamilyName: b}, functions())
		if compareNames(x, y) != compareNames(y, x) {
			t.Errorf("%q and %q are not compared alike both ways", a, b)
		}
		if p, q := parseFirm(a), parseFirm(b); p.equals(q) != q.equals(p) {
			t.Errorf("companies %q and %q are not compared alike both ways", a, b)
		}
		if z := parseName(&record.Person{DisplayName: a}, functions()); !x.none() && compareNames(x, z).contradicts() {
			t.Errorf("%q contradicts itself", a)
		}
		KindOf(record.Person{DisplayName: a})
		if same(a, b) != same(b, a) {
			t.Errorf("same(%q, %q) differs both ways", a, b)
		}
	})
}
