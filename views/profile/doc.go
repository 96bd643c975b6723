// Package profile draws a person's own page: where they are signed in, and the
// tokens that act for them.
package profile
