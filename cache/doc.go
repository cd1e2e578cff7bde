// Package cache keeps what sources said for a short while, so that equal
// questions within it cost the vendor nothing, and so that equal questions asked
// at once are asked once. It stores what the source said under our own
// credentials; privacy is applied on the way out, so entries are shared by all
// viewers. It knows neither vendors nor GraphQL.
//
// There are two places. The near one is this process's memory: decoded values,
// bounded in bytes. The far one is a Redis that several replicas share: sealed
// values under names that are hashes. Without a Redis the near one is alone. The
// far one never fails a question: what cannot be read there is a miss.
//
// A value goes through three ages (see Policy): fresh; aging, when it is served and
// read again behind; and old, when it is served only because the source failed,
// and then said to be stale.
package cache
