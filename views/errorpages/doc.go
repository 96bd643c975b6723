// Package errorpages draws what people see when an address or the server fails
// them. Each page says what happened and what to do.
package errorpages
