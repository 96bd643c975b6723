// Package home draws the first page of a signed-in person.
package home
