package world

// The word lists of the background population. Family names that occur in the
// awkward cases are kept out of here, so that nobody of the background meets
// them by chance; a test holds us to it.

func womensNames() []string {
	return []string{
		"Anna", "Barbara", "Brigitte", "Carla", "Christine", "Claudia", "Daniela", "Doris", "Elisabeth", "Esther",
		"Eva", "Fabienne", "Franziska", "Gabriela", "Heidi", "Helene", "Irene", "Johanna", "Judith", "Karin",
		"Katharina", "Laura", "Lea", "Linda", "Livia", "Magdalena", "Maja", "Manuela", "Maria", "Martina",
		"Melanie", "Mia", "Michaela", "Monika", "Nadja", "Nicole", "Nina", "Nora", "Petra", "Regula",
		"Rita", "Ruth", "Sabine", "Sandra", "Sara", "Silvia", "Simone", "Sonja", "Stefanie", "Susanne",
		"Tanja", "Theresa", "Ursula", "Valentina", "Vera", "Verena", "Yvonne",
	}
}

func mensNames() []string {
	return []string{
		"Adrian", "Alexander", "Alois", "Andreas", "Anton", "Beat", "Benjamin", "Bernhard", "Bruno", "Christian",
		"Christoph", "Daniel", "David", "Dominik", "Emil", "Erich", "Fabian", "Felix", "Florian", "Franz",
		"Georg", "Gregor", "Günther", "Hans", "Heinrich", "Jakob", "Jan", "Jonas", "Josef", "Jürg",
		"Karl", "Konrad", "Leon", "Lukas", "Manfred", "Marcel", "Marco", "Markus", "Martin", "Matthias",
		"Max", "Michael", "Moritz", "Nils", "Oskar", "Patrick", "Paul", "Peter", "Philipp", "Ralf",
		"Reto", "Roland", "Roman", "Samuel", "Sebastian", "Simon", "Stefan", "Theo", "Thomas", "Tobias",
		"Urs", "Walter", "Werner", "Wolfgang",
	}
}

func familyNames() []string {
	return []string{
		"Achermann", "Albrecht", "Amstutz", "Arnold", "Bachmann", "Balmer", "Bauer", "Berger", "Bieri", "Blum",
		"Bosshard", "Brandl", "Bucher", "Bühler", "Burri", "Caduff", "Camenzind", "Casutt", "Danuser", "Dietrich",
		"Eberle", "Egger", "Eichinger", "Engel", "Erni", "Fässler", "Fankhauser", "Felder", "Feuz", "Fischer",
		"Flückiger", "Frank", "Friedrich", "Fuchs", "Furrer", "Gasser", "Geiger", "Gerber", "Gisler", "Graber",
		"Gruber", "Haas", "Häfliger", "Hartmann", "Hauser", "Heinzer", "Herzog", "Hofer", "Horvath", "Imfeld",
		"Iten", "Jäger", "Jenni", "Jost", "Kägi", "Kaiser", "Kaufmann", "Kern", "Klein", "Koch",
		"König", "Krämer", "Kuster", "Lang", "Lechner", "Lehmann", "Leitner", "Lorenz", "Lüthi", "Lutz",
		"Maurer", "Mayr", "Mettler", "Moser", "Nägeli", "Neumann", "Nussbaumer", "Odermatt", "Ott", "Pfister",
		"Pichler", "Rahm", "Reber", "Reiter", "Richter", "Rickenbacher", "Ritter", "Röthlisberger", "Roth", "Ruckstuhl",
		"Sägesser", "Schär", "Schenk", "Schindler", "Schläpfer", "Schmid", "Schneider", "Scholz", "Schröder", "Schuster",
		"Seiler", "Simmen", "Sommer", "Stalder", "Steiner", "Stöckli", "Strasser", "Studer", "Sutter", "Tanner",
		"Thaler", "Tobler", "Trachsel", "Ulrich", "Vogel", "Vögtli", "Wagner", "Walder", "Wehrli", "Weibel",
		"Wenger", "Wieser", "Winkler", "Wirth", "Wyss", "Zaugg", "Zeller", "Ziegler", "Zimmermann", "Zurbriggen",
	}
}

// mailDomains are free mail providers: everybody has an address there.
func mailDomains() []string {
	return []string{"alpenpost.example", "seemail.example", "wolkenmail.example", "briefbote.example", "donaupost.example", "nordmail.example"}
}

// firmStems and firmTrades make company names.
func firmStems() []string {
	return []string{
		"Alvaro", "Arvenhalde", "Birkstein", "Brombeer", "Calanda-Blick", "Dachsfels", "Distelhof", "Eibental", "Erlenmoos", "Falkenrain",
		"Farnau", "Finkenegg", "Föhrenstein", "Fuchsgraben", "Ginsterhof", "Glimmer", "Gratweg", "Haselbrunn", "Heidelgrund", "Holderwies",
		"Igelbach", "Jasminhof", "Kiebitz", "Kieselau", "Kranichmoor", "Kupferberg", "Lerchfeld", "Lilienstein", "Luchsmatt", "Maiglöck",
		"Marderegg", "Mohnfeld", "Mondsteig", "Mühlefluh", "Nebelhorst", "Ottersee", "Pappelring", "Quellmoos", "Rabenfluh", "Reiherweg",
		"Rotbuchen", "Salbeihof", "Schilfau", "Schlehengrund", "Schneehuhn", "Silbermatt", "Sperberhöhe", "Steinkauz", "Tannmatt", "Thymianhof",
		"Uhufels", "Ulmengasse", "Veilchenau", "Wacholder", "Waldkauz", "Weidenkorb", "Wieselgrund-Hof", "Windegg", "Ypsilon", "Zeisigwald",
		"Zirbenstein", "Zitronenfalter",
	}
}

func firmTrades() []string {
	return []string{
		"Architekten", "Bäckerei", "Coworking", "Druckerei", "Garage", "Gasthof", "Haustechnik", "Hotel", "Ingenieure", "Kanzlei",
		"Konditorei", "Logistik", "Metallbau", "Möbelwerkstatt", "Optik", "Praxisgemeinschaft", "Restaurant", "Software", "Treuhand", "Verlag",
	}
}

func firmPlaces() []string { return []string{"Café", "Hotel", "Gasthof", "Pension", "Restaurant"} }

func jobTitles() []string {
	return []string{"Geschäftsführung", "Einkauf", "Buchhaltung", "Leitung Gastronomie", "Empfang", "Office Management", "Technik", "Inhaber", "Assistenz", "Facility Management"}
}

// place is a town with its area code; trunk dialling without the zero.
type place struct {
	city, postalCode, region, country, area string
}

func places() []place {
	return []place{
		{"Zürich", "8004", "ZH", "CH", "44"}, {"Zürich", "8037", "ZH", "CH", "44"}, {"Winterthur", "8400", "ZH", "CH", "52"},
		{"Bern", "3011", "BE", "CH", "31"}, {"Basel", "4053", "BS", "CH", "61"}, {"Luzern", "6003", "LU", "CH", "41"},
		{"St. Gallen", "9000", "SG", "CH", "71"}, {"Chur", "7000", "GR", "CH", "81"}, {"Thun", "3600", "BE", "CH", "33"},
		{"Aarau", "5000", "AG", "CH", "62"}, {"Zug", "6300", "ZG", "CH", "41"}, {"Schaffhausen", "8200", "SH", "CH", "52"},
		{"Berlin", "10437", "BE", "DE", "30"}, {"Berlin", "12047", "BE", "DE", "30"}, {"Hamburg", "20357", "HH", "DE", "40"},
		{"München", "80469", "BY", "DE", "89"}, {"Köln", "50672", "NW", "DE", "221"}, {"Freiburg im Breisgau", "79098", "BW", "DE", "761"},
		{"Wien", "1070", "", "AT", "1"}, {"Wien", "1030", "", "AT", "1"}, {"Graz", "8010", "", "AT", "316"},
		{"Linz", "4020", "", "AT", "732"}, {"Salzburg", "5020", "", "AT", "662"}, {"Innsbruck", "6020", "", "AT", "512"},
	}
}

func streets() []string {
	return []string{
		"Ahornweg", "Amselweg", "Bachgasse", "Bahnhofstrasse", "Bergstrasse", "Birkenweg", "Blumenweg", "Brunnengasse", "Buchenweg", "Dorfstrasse",
		"Eichenstrasse", "Feldstrasse", "Gartenstrasse", "Hauptstrasse", "Hofgasse", "Kirchgasse", "Lindenstrasse", "Marktgasse", "Mühlegasse", "Neugasse",
		"Poststrasse", "Ringstrasse", "Rosenweg", "Schulstrasse", "Seestrasse", "Sonnenbergstrasse", "Talstrasse", "Weinbergstrasse", "Wiesenweg", "Zollgasse",
	}
}

// product is one article of the made-up shop; prices are minor units without tax.
type product struct {
	title, sku string
	chf, eur   int64
	service    bool
	cheap      bool // bought several at a time
}

func products() []product {
	return []product{
		{"Espressomaschine Corvo 1", "ESP-COR-1", 64900, 67900, false, false},
		{"Espressomaschine Corvo 2 Zweikreis", "ESP-COR-2", 148000, 154900, false, false},
		{"Siebträger Corvo Profi, zweigruppig", "ESP-COR-P", 489000, 512000, false, false},
		{"Kaffeevollautomat Lumen S", "KVA-LUM-S", 79900, 83900, false, false},
		{"Kaffeevollautomat Lumen XL Büro", "KVA-LUM-XL", 219000, 229500, false, false},
		{"Kaffeevollautomat Lumen Gastro", "KVA-LUM-G", 645000, 675000, false, false},
		{"Filtermaschine Nordkap 1.8", "FIL-NOR-18", 18900, 19900, false, false},
		{"Mühle Taro 54", "MUE-TAR-54", 31900, 33500, false, false},
		{"Mühle Taro 64 Direktmahler", "MUE-TAR-64", 59900, 62900, false, false},
		{"Handmühle Piko", "MUE-PIK", 7450, 7850, false, false},
		{"Milchschäumer Wolke", "ZUB-WOL", 8900, 9350, false, false},
		{"Milchkühler 1 Liter", "ZUB-MIL-1", 24900, 25900, false, false},
		{"Feinwaage mit Timer", "ZUB-WAA", 4650, 4900, false, false},
		{"Tamper 58 mm Nussbaum", "ZUB-TAM-58", 3890, 4090, false, true},
		{"Siebträger bodenlos 58 mm", "ZUB-SIB-58", 5490, 5750, false, false},
		{"Wasserfilter-Kartusche", "VER-FIL", 1690, 1790, false, true},
		{"Entkalker 1 Liter", "VER-ENT", 1450, 1550, false, true},
		{"Reinigungstabletten, 100 Stück", "VER-TAB", 1990, 2090, false, true},
		{"Dichtungssatz Brühgruppe Corvo", "ERS-DIC-C", 1250, 1350, false, true},
		{"Brühgruppe Lumen", "ERS-BRU-L", 12900, 13500, false, false},
		{"Mahlscheiben Taro 64", "ERS-MAH-64", 6900, 7250, false, false},
		{"Pumpe 15 bar", "ERS-PUM", 4350, 4550, false, false},
		{"Dampfventil Corvo", "ERS-VEN-C", 3150, 3300, false, false},
		{"Röstung Hafen, 1 kg", "BOH-HAF-1", 2650, 2790, false, true},
		{"Röstung Dachgarten, 1 kg", "BOH-DAC-1", 2890, 2990, false, true},
		{"Röstung Nachtzug entkoffeiniert, 500 g", "BOH-NAC-05", 1580, 1650, false, true},
		{"Cappuccinotasse Ton, 6 Stück", "GES-CAP-6", 5900, 6200, false, true},
	}
}

func services() []product {
	return []product{
		{"Wartungsvertrag Basis, 12 Monate", "SRV-WAR-B", 29000, 30500, true, false},
		{"Wartungsvertrag Komfort, 12 Monate", "SRV-WAR-K", 54000, 56500, true, false},
		{"Wartungsvertrag Gastro 24/7, 12 Monate", "SRV-WAR-G", 168000, 176000, true, false},
		{"Reparaturpauschale Werkstatt", "SRV-REP", 18500, 19500, true, false},
		{"Serviceeinsatz vor Ort, Stunde", "SRV-STD", 14500, 14900, true, false},
		{"Wegpauschale", "SRV-WEG", 6500, 6800, true, false},
		{"Baristakurs, halber Tag", "SRV-KUR", 12500, 12900, true, false},
		{"Miete Kaffeevollautomat, Monat", "SRV-MIE", 18900, 19500, true, false},
	}
}
