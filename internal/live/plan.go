//go:build live

package live

import (
	"strconv"
	"strings"
)

// Client is one invented customer, known to the shop and to the ERP by the same e-mail.
type Client struct {
	Email      string `json:"email"`      // lower case
	ERPEmail   string `json:"erpEmail"`   // as written in the ERP; differs from Email in case for one client
	Number     string `json:"number"`     // customer number, an identifier of the ERP party
	First      string `json:"first"`      // given name
	Last       string `json:"last"`       // family name
	Company    string `json:"company"`    // empty for a private person
	VAT        string `json:"vat"`        // empty for most
	Phone      string `json:"phone"`      // E.164
	Mobile     string `json:"mobile"`     // E.164, ERP only, empty for most
	Street     string `json:"street"`     // street and house number
	PostalCode string `json:"postalCode"` //
	City       string `json:"city"`       //
	Country    string `json:"country"`    // ISO 3166-1 alpha-2: CH, DE or AT
	Login      bool   `json:"-"`          // has an account in the shop, otherwise a guest
	Dunned     bool   `json:"dunned"`     // the ERP duns this party
	Inactive   bool   `json:"inactive"`   // switched off in the ERP after its documents were made
	Fax        string `json:"fax"`        // ERP only, nobody is found by it

	Categories []string `json:"categories"` // in the ERP, "Former" being switched off
}

// Name is what the ERP calls the client: the company, or else the person.
func (c Client) Name() string {
	if c.Company != "" {
		return c.Company
	}
	return c.First + " " + c.Last
}

// clients is the invented clientele. Numbers 555 01 xx are nobody's, domains under .example neither.
func clients() []Client {
	rows := []string{
		// e-mail | given name | family name | company | phone | mobile | street | postal code | city | country
		"nina.aebi@aebi.example|Nina|Aebi||+41445550101|+41795550101|Lindenhof 3|8001|Zürich|CH",
		"marco.bruderer@velowerk.example|Marco|Bruderer|Velowerk Limmat AG|+41445550102||Hardstrasse 210|8005|Zürich|CH",
		"claire.dubois@post.example|Claire|Dubois||+41225550103||Rue du Rhône 48|1204|Genève|CH",
		"j.egger@egger-bau.example|Jürg|Egger|Egger Bau GmbH|+41315550104|+41795550104|Länggasse 12|3012|Bern|CH",
		"lea.furrer@mail.example|Lea|Furrer||+41615550105||Spalenberg 9|4051|Basel|CH",
		"office@gipfelsport.example|Reto|Gasser|Gipfelsport AG|+41815550106||Bahnhofplatz 2|7000|Chur|CH",
		"sofia.huber@mail.example|Sofia|Huber||+41415550107||Pilatusstrasse 31|6003|Luzern|CH",
		"dario.iten@iten.example|Dario|Iten||+41415550108||Baarerstrasse 77|6300|Zug|CH",
		"einkauf@kaffeehaus-jost.example|Ruth|Jost|Kaffeehaus Jost|+41715550109||Multergasse 5|9000|St. Gallen|CH",
		"tim.keller@mail.example|Tim|Keller||+41525550110||Marktgasse 60|8400|Winterthur|CH",
		"anke.lorenz@lorenz.example|Anke|Lorenz||+49305550111|+491715550111|Torstraße 140|10119|Berlin|DE",
		"bestellung@moebelhof.example|Jens|Martens|Möbelhof Nord GmbH|+49405550112||Osterstraße 88|20259|Hamburg|DE",
		"peter.nowak@mail.example|Peter|Nowak||+49895550113||Lindwurmstraße 21|80337|München|DE",
		"info@ostwind-druck.example|Silke|Oswald|Ostwind Druck KG|+493415550114||Karl-Heine-Straße 55|04229|Leipzig|DE",
		"carla.peters@post.example|Carla|Peters||+492215550115||Aachener Straße 19|50674|Köln|DE",
		"y.quandt@quandt.example|Yannick|Quandt||+497115550116||Königstraße 70|70173|Stuttgart|DE",
		"buchhaltung@rheinlicht.example|Heike|Roth|Rheinlicht AG|+492115550117||Kaistraße 4|40221|Düsseldorf|DE",
		"birgit.o'sullivan@mail.example|Birgit|O'Sullivan||+49695550118||Berger Straße 112|60316|Frankfurt am Main|DE",
		"tom.tessmann@mail.example|Tom|Teßmann||+494215550119||Vor dem Steintor 33|28203|Bremen|DE",
		"verena.uhl@uhl.example|Verena|Uhl||+497615550120||Wiehre 8|79102|Freiburg|DE",
		"kontor@alpenkontor.example|Franz|Vogl|Alpenkontor OG|+4315550121||Neubaugasse 27|1070|Wien|AT",
		"hanna.wimmer@mail.example|Hanna|Wimmer||+436625550122|+436645550122|Linzer Gasse 14|5020|Salzburg|AT",
		"lukas.xaver@xaver.example|Lukas|Xaver||+433165550123||Sporgasse 2|8010|Graz|AT",
		"elif.yilmaz@mail.example|Elif|Yılmaz||+435125550124||Maria-Theresien-Straße 40|6020|Innsbruck|AT",
		"georg.zauner@zauner.example|Georg|Zauner||+437325550125||Landstraße 63|4020|Linz|AT",
		"werkstatt@seilbahn-adler.example|Monika|Adler|Seilbahn Adler GmbH|+435525550126||Schloßgraben 10|6800|Feldkirch|AT",
		"no.orders@mail.example|Olaf|Neubauer||+4315550127||Praterstraße 1|1020|Wien|AT",
		"left.us@mail.example|Beat|Abgang||+41445550128||Seestrasse 400|8038|Zürich|CH",
	}
	out := make([]Client, len(rows))
	for i, row := range rows {
		f := strings.Split(row, "|")
		out[i] = Client{
			Email: f[0], ERPEmail: f[0], Number: "KD-" + strconv.Itoa(1001+i), First: f[1], Last: f[2], Company: f[3], Phone: f[4],
			Mobile: f[5], Street: f[6], PostalCode: f[7], City: f[8], Country: f[9], Login: i%2 == 0, Dunned: i%4 != 3,
		}
	}
	out[1].VAT = "CHE999999996MWST"
	out[11].VAT = "DE999999995"
	out[4].ERPEmail = "Lea.Furrer@Mail.example"
	out[27].Inactive = true
	// Numbers as people write them.
	out[3].Mobile = "079 555 01 04"
	out[7].Mobile = "+41 (0)79 555 01 88"
	out[10].Mobile = "+49 (0)171 5550111"
	out[11].Fax = "+49405550199"
	out[0].Categories = []string{"Gold"}
	out[1].Categories = []string{"Regulars", "Gold", "Former"}
	out[5].Categories = []string{"Former"}
	return out
}

// orderPlan says how one order of the shop comes to be.
type orderPlan struct {
	client   int    // index into clients
	currency string // CHF or EUR
	end      string // the state to drive the order to, or "Refunded" for a delivered one with a refund
	lines    []int  // quantity per product; zero leaves the product out
}

// orderEnds are the fates of orders, dealt out in turn.
func orderEnds() []string {
	return []string{
		"PaymentSettled", "Shipped", "Delivered", "Delivered", "PaymentAuthorized", "PartiallyShipped",
		"Cancelled", "Refunded", "PartiallyDelivered", "Delivered", "Shipped",
	}
}

// orderPlans spreads sixty-four orders over the clients: some have five, the second to last has none.
func orderPlans() []orderPlan {
	counts := []int{5, 4, 3, 2, 3, 2, 1, 4, 2, 3, 2, 5, 1, 2, 3, 2, 4, 2, 1, 2, 3, 2, 1, 2, 1, 1, 0, 1}
	ends := orderEnds()
	var out []orderPlan
	for c, n := range counts {
		for range n {
			k := len(out)
			p := orderPlan{client: c, currency: "CHF", end: ends[k%len(ends)], lines: []int{1 + k%3, k % 2, (k / 2) % 4, (k / 5) % 2}}
			if clients()[c].Country != "CH" && k%2 == 0 {
				p.currency = "EUR"
			}
			if p.end == "PartiallyShipped" || p.end == "PartiallyDelivered" {
				p.lines[0], p.lines[1] = 2, 1 // something must be left to ship
			}
			out = append(out, p)
		}
	}
	return out
}

// Bill is one invoice of the ERP as it is to be made. Days are relative to the day of seeding.
type Bill struct {
	Client   int       `json:"client"`   // index into the clients
	Day      int       `json:"day"`      // invoice date, negative is the past
	Currency string    `json:"currency"` // CHF is the company's own
	Term     int       `json:"term"`     // days until due
	Fate     string    `json:"fate"`     // draft, posted or credited
	Lines    []Item    `json:"lines"`    //
	Payments []Payment `json:"payments"` // before any dunning
	Settle   bool      `json:"settle"`   // paid in full today, after the dunning
	Note     string    `json:"note"`     // what the case is about, for people
}

// Item is one line of a bill, or of a sale, where the ERP's own product of that name brings price and tax.
type Item struct {
	Text     string `json:"text"`     // description, or name of the product
	Quantity string `json:"quantity"` // decimal
	Price    string `json:"price"`    // decimal, per unit, without tax
	Tax      string `json:"tax"`      // "8.1", "2.6" or empty
}

// Payment is money received for a bill.
type Payment struct {
	Day    int    `json:"day"`    // relative to the day of seeding
	Amount string `json:"amount"` // decimal in the bill's currency; empty pays what is open
}

// bills deals sixty-six invoices out to the clients, each telling one of the recurring stories.
func bills() []Bill {
	stories := []Bill{
		{Note: "paid early", Day: -120, Term: 30, Payments: []Payment{{Day: -105}}},
		{Note: "paid late", Day: -150, Term: 30, Payments: []Payment{{Day: -100}}},
		{Note: "partly paid, not yet due", Day: -12, Term: 30, Payments: []Payment{{Day: -2, Amount: "25.00"}}},
		{Note: "open, not yet due", Day: -5, Term: 30},
		{Note: "overdue by a day or more", Day: -31, Term: 30},
		{Note: "overdue by ten days", Day: -40, Term: 30},
		{Note: "overdue by twenty-five days", Day: -55, Term: 30},
		{Note: "overdue by sixty days, partly paid", Day: -90, Term: 30, Payments: []Payment{{Day: -50, Amount: "10.05"}}},
		{Note: "dunned, then settled", Day: -75, Term: 30, Settle: true},
		{Note: "credited", Day: -60, Term: 30, Fate: "credited"},
		{Note: "paid in two parts on time", Day: -200, Term: 30, Payments: []Payment{{Day: -190, Amount: "40.00"}, {Day: -175}}},
	}
	prices := []string{"19.90", "45.00", "120.35", "7.15", "980.00", "63.33"}
	texts := []string{"Service contract", "Installation", "Spare parts", "Delivery", "Annual licence", "Workshop"}
	var out []Bill
	for k := range 66 {
		b := stories[k%len(stories)]
		b.Client = (k * 5) % 28 // five and twenty-eight share no factor, so everybody gets a turn
		if b.Client == 26 {
			b.Client = 0 // no documents for the newcomer
		}
		b.Currency = "CHF"
		if b.Fate == "" {
			b.Fate = "posted"
		}
		b.Day -= k / len(stories) % 3
		b.Lines = []Item{
			{Text: texts[k%6], Quantity: strconv.Itoa(1 + k%3), Price: prices[k%6], Tax: "8.1"},
			{Text: texts[(k+2)%6], Quantity: "1.5", Price: prices[(k+1)%6], Tax: "2.6"},
		}
		if k%3 == 0 {
			b.Lines = append(b.Lines, Item{Text: "Rounding discount", Quantity: "1", Price: "-2.05"})
		}
		if k%9 == 4 {
			b.Currency = "EUR"
		}
		out = append(out, b)
	}
	return append(out,
		Bill{Client: 0, Day: -1, Currency: "CHF", Term: 30, Fate: "draft", Note: "draft",
			Lines: []Item{{Text: "Workshop", Quantity: "1", Price: "99.00", Tax: "8.1"}}},
		Bill{Client: 1, Day: -45, Currency: "EUR", Term: 10, Fate: "posted", Note: "euro, dunned",
			Lines: []Item{{Text: "Spare parts", Quantity: "3", Price: "33.33", Tax: "8.1"}}},
	)
}

// Sale is one sales order of the ERP as it is to be made.
type Sale struct {
	Client int    `json:"client"`
	Day    int    `json:"day"`   // sale date relative to the day of seeding
	State  string `json:"state"` // draft, quotation, processing, shipped, done, cancelled, or dropped: cancelled without ever having a date
	Lines  []Item `json:"lines"`
	// Returned is how far the return of the sale is: draft, cancelled, processing, shipped or done; empty for none.
	Returned string `json:"returned"`
}

// sales are the ERP's own orders and quotations, fourteen of them over five clients.
func sales() []Sale {
	states := []string{"processing", "done", "quotation", "cancelled", "shipped", "draft"}
	var out []Sale
	for k := range 10 {
		out = append(out, Sale{Client: (k * 2) % 10, Day: -20 - 3*k, State: states[k%len(states)], Lines: []Item{
			{Text: "Work boots", Quantity: strconv.Itoa(1 + k%4)},
			{Text: "Assembly", Quantity: "1"},
		}})
	}
	for k, state := range []string{"dropped", "done", "done", "done"} {
		out = append(out, Sale{Client: 2 * k, Day: -60 - k, State: state, Lines: []Item{{Text: "Work boots", Quantity: "2"}, {Text: "Assembly", Quantity: "1"}}})
	}
	for i, returned := range map[int]string{1: "done", 4: "processing", 7: "draft", 11: "cancelled", 12: "shipped"} {
		out[i].Returned = returned
	}
	return out
}

// Subscription is a contract of the ERP as it is to be made.
type Subscription struct {
	Client   int    `json:"client"`
	Day      int    `json:"day"`   // begin, relative to the day of seeding
	Ends     int    `json:"ends"`  // likewise; 0 runs on
	State    string `json:"state"` // draft, quotation, running or cancelled
	Title    string `json:"title"`
	Every    string `json:"every"` // Monthly or Yearly: when it is billed
	Used     string `json:"used"`  // likewise: what one price is for
	Quantity string `json:"quantity"`
	Price    string `json:"price"`
}

func subscriptions() []Subscription {
	return []Subscription{
		{Client: 0, Day: -100, State: "running", Title: "Maintenance of the machine", Every: "Monthly", Used: "Monthly", Quantity: "2", Price: "45.50"},
		{Client: 0, Day: -30, State: "quotation", Title: "", Every: "Yearly", Used: "Monthly", Quantity: "1", Price: "19.90"},
		{Client: 1, Day: -400, Ends: 200, State: "running", Title: "Rent", Every: "Yearly", Used: "Yearly", Quantity: "1", Price: "1200"},
		{Client: 2, Day: -10, State: "cancelled", Title: "Beans by post", Every: "Monthly", Used: "Monthly", Quantity: "3", Price: "12.5"},
		{Client: 3, Day: 5, State: "draft", Title: "Cleaning", Every: "Monthly", Used: "Monthly", Quantity: "1", Price: "80"},
	}
}

// ERPPlan is what the ERP's seeding script reads.
type ERPPlan struct {
	Clients []Client `json:"clients"`
	Bills   []Bill   `json:"bills"`
	Sales   []Sale   `json:"sales"`

	Subscriptions []Subscription `json:"subscriptions"`
	// Twin is a second party of the first client, merged into it after it got an invoice of its own.
	Twin Client `json:"twin"`
}

func erpPlan() ERPPlan {
	twin := clients()[0]
	twin.Email, twin.ERPEmail, twin.Number, twin.Phone, twin.Mobile = "n.aebi@old.example", "n.aebi@old.example", "KD-2001", "+41445550129", ""
	return ERPPlan{Clients: clients(), Bills: bills(), Sales: sales(), Subscriptions: subscriptions(), Twin: twin}
}
