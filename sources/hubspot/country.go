package hubspot

import (
	"strings"

	"golang.org/x/text/language"
)

// countryNames are the names of Switzerland, Germany, Austria, Liechtenstein,
// France, Italy and their neighbours in German, English, French and Italian, in
// lower case. HubSpot's country property is free text.
var countryNames = map[string]string{
	"schweiz": "CH", "switzerland": "CH", "suisse": "CH", "svizzera": "CH", "die schweiz": "CH", "la suisse": "CH",
	"deutschland": "DE", "germany": "DE", "allemagne": "DE", "germania": "DE", "bundesrepublik deutschland": "DE",
	"österreich": "AT", "oesterreich": "AT", "austria": "AT", "autriche": "AT",
	"liechtenstein": "LI", "fürstentum liechtenstein": "LI",
	"frankreich": "FR", "france": "FR", "francia": "FR",
	"italien": "IT", "italy": "IT", "italie": "IT", "italia": "IT",
	"belgien": "BE", "belgium": "BE", "belgique": "BE", "belgio": "BE",
	"niederlande": "NL", "netherlands": "NL", "the netherlands": "NL", "pays-bas": "NL", "paesi bassi": "NL", "holland": "NL",
	"luxemburg": "LU", "luxembourg": "LU", "lussemburgo": "LU",
	"dänemark": "DK", "denmark": "DK", "danemark": "DK", "danimarca": "DK",
	"polen": "PL", "poland": "PL", "pologne": "PL", "polonia": "PL",
	"tschechien": "CZ", "tschechische republik": "CZ", "czechia": "CZ", "czech republic": "CZ", "tchéquie": "CZ", "république tchèque": "CZ", "cechia": "CZ", "repubblica ceca": "CZ",
	"slowakei": "SK", "slovakia": "SK", "slovaquie": "SK", "slovacchia": "SK",
	"ungarn": "HU", "hungary": "HU", "hongrie": "HU", "ungheria": "HU",
	"slowenien": "SI", "slovenia": "SI", "slovénie": "SI",
	"spanien": "ES", "spain": "ES", "espagne": "ES", "spagna": "ES",
	"monaco": "MC", "andorra": "AD", "andorre": "AD",
	"san marino": "SM", "saint-marin": "SM", "vatikanstadt": "VA", "vatican city": "VA", "vatican": "VA", "città del vaticano": "VA",
}

// country is the ISO 3166-1 alpha-2 code of a country's text: a code that stands
// there already, or a known name. Empty for anything else.
func country(s string) string {
	if len(s) == 2 {
		if r, err := language.ParseRegion(strings.ToUpper(s)); err == nil && r.IsCountry() {
			return r.Canonicalize().String()
		}
		return ""
	}
	return countryNames[strings.ToLower(strings.Join(strings.Fields(s), " "))]
}
