// Package records reads and writes the records of user-made collections. There
// is one write path, whoever asks: page, API, node or demo data; so rights,
// validation, history, events and triggers cannot be forgotten. Only this
// package writes user tables, and only quote.go puts identifiers into SQL.
package records
