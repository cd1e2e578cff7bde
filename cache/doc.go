// Package cache keeps what sources said for a short while, so that equal
// questions within it cost the vendor nothing, and so that equal questions asked
// at once are asked once. It stores what the source said under our own
// credentials; privacy is applied on the way out, so entries are shared by all
// viewers. It knows neither vendors nor GraphQL.
package cache
