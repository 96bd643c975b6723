// Package ui holds the components of the design system. Class names and markup are
// those of the design; each component takes its props and then attributes that are
// added to its main element. Components know no nouns: what a task or a record is,
// pages know.
package ui

// Tone is the meaning a colour carries. It never stands alone: a word or an icon
// says the same.
type Tone string

// Tones of badges, states, alerts and timeline entries.
const (
	OK     Tone = "ok"
	Warn   Tone = "warn"
	Bad    Tone = "bad"
	Info   Tone = "info"
	Idle   Tone = "idle"
	Accent Tone = "accent"
)

// modifier gives the class base--name, or nothing when there is no name.
func modifier(base, name string) string {
	if name == "" {
		return ""
	}
	return base + "--" + name
}
