// Package records reads and writes the records of user-made collections. There
// is one write path, whoever asks: page, API, node or demo data; so rights,
// validation, history, events and triggers cannot be forgotten. Only this
// package writes user tables, and only quote.go puts identifiers into SQL.
//
// [Service.Write] and [Service.WriteIn] run an [Operation] through its stages,
// which write.go lists. [Service.List] and [Service.Get] answer a [Query]; what the
// caller may not see is left out by the SQL itself, which rights.go and builder.go
// make of his grants, and filter.go of his filter. The ddl files change the schema:
// table, catalogue, event and audit entry in one transaction that runs alone.
package records
