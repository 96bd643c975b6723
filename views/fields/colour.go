package fields

import (
	"context"

	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
)

// ColourChoices are the colours of options and labels.
func ColourChoices(ctx context.Context) []ui.Choice {
	names := map[string]string{
		"grey": text.T(ctx, "collections.grey", "Grey"), "red": text.T(ctx, "collections.red", "Red"), "orange": text.T(ctx, "collections.orange", "Orange"),
		"amber": text.T(ctx, "collections.amber", "Amber"), "yellow": text.T(ctx, "collections.yellow", "Yellow"), "lime": text.T(ctx, "collections.lime", "Lime"),
		"green": text.T(ctx, "collections.green", "Green"), "teal": text.T(ctx, "collections.teal", "Teal"), "cyan": text.T(ctx, "collections.cyan", "Cyan"),
		"blue": text.T(ctx, "collections.blue", "Blue"), "violet": text.T(ctx, "collections.violet", "Violet"), "pink": text.T(ctx, "collections.pink", "Pink"),
	}
	var out []ui.Choice
	for _, c := range field.Colours() {
		out = append(out, ui.Choice{Value: c, Label: names[c]})
	}
	return out
}

// ColourTone maps the palette of options and labels to the tones of badges.
func ColourTone(colour string) ui.Tone {
	switch colour {
	case "green":
		return ui.OK
	case "amber":
		return ui.Warn
	case "red":
		return ui.Bad
	case "blue":
		return ui.Info
	case "teal":
		return ui.Accent
	case "orange", "yellow", "lime", "cyan", "violet", "pink":
		return ui.Tone(colour)
	}
	return ""
}
