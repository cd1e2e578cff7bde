// Package zendeskfake is Zendesk Support's API as an http.Handler over a world,
// written from Zendesk's documentation (see package zendesk): the three ways to
// authorize, show_many, cursor and offset paging with their limits, search with
// the part of its grammar that a connector may use, side-loads, both forms of
// error bodies and the rate headers. Endpoints, parameters' values and search
// keywords that it does not know are refused.
//
// Where the documentation leaves something open the fake takes the unkind
// reading: equal times in no useful order, a merged user's id leads nowhere,
// search words are cut at every punctuation. One reading is kind and therefore
// named: email: in a search finds a user by secondary addresses too.
//
// Not told by Zendesk, and so only resembling it: the words of error
// descriptions, the status of a page[size] above 100, what a deleted user's
// record still holds (here: its name).
package zendeskfake
