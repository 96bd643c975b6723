// Package text gives every sentence the product shows a message id. The English
// default stands in the code beside its id; a test collects all pairs, so a
// language file can be checked for what it lacks.
//
// The package is a leaf and safe for concurrent use.
package text

import (
	"context"
	"fmt"
	"strings"
)

// Message is one sentence that is not translated yet. Args fill the verbs of
// English in order.
type Message struct {
	ID      string
	English string
	Args    []any
}

// M builds a message. id is lower case and dotted ("record.not_found"); english
// is the default text with fmt verbs for args. Both must be constants.
func M(id, english string, args ...any) Message {
	return Message{ID: id, English: english, Args: args}
}

// Verbatim wraps a sentence that a designer or another system wrote; it has no id.
func Verbatim(sentence string) Message { return Message{English: "%s", Args: []any{sentence}} }

// IsZero reports whether the message says nothing.
func (m Message) IsZero() bool { return m.English == "" }

// String gives the English sentence.
func (m Message) String() string { return m.in("en") }

// In gives the sentence in the language of ctx, English when there is none.
func (m Message) In(ctx context.Context) string { return m.in(Locale(ctx)) }

func (m Message) in(string) string {
	if len(m.Args) == 0 {
		return m.English
	}
	return fmt.Sprintf(m.English, m.Args...)
}

// T is M(id, english, args...).In(ctx), for templates.
func T(ctx context.Context, id, english string, args ...any) string {
	return M(id, english, args...).In(ctx)
}

type localeKey struct{}

// WithLocale returns a context whose texts are in locale, a BCP 47 tag.
func WithLocale(ctx context.Context, locale string) context.Context {
	return context.WithValue(ctx, localeKey{}, locale)
}

// Languages lists the locales that texts exist in. The first is that of the texts in
// the code.
func Languages() []string { return []string{"en"} }

// Choose gives the language that suits best of wanted locales, the dearest first; a
// locale such as sv-FI is served by sv. Empty when none of them exists.
func Choose(wanted ...string) string {
	for _, locale := range wanted {
		for locale != "" {
			for _, have := range Languages() {
				if strings.EqualFold(have, locale) {
					return have
				}
			}
			locale = locale[:max(0, strings.LastIndexByte(locale, '-'))]
		}
	}
	return ""
}

// Locale gives the locale of ctx, "en" when none was set.
func Locale(ctx context.Context) string {
	if l, ok := ctx.Value(localeKey{}).(string); ok && l != "" {
		return l
	}
	return "en"
}
