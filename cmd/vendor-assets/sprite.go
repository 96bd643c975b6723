package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// buildSprite joins the named icons into one SVG file with a symbol each. Colour
// and stroke are left to the page, so that one class sets them everywhere.
func buildSprite(list, icons string) ([]byte, error) {
	names, err := readLines(list)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">` + "\n")
	for _, name := range names {
		svg, err := os.ReadFile(filepath.Join(icons, name+".svg")) //nolint:gosec // names come from the repository
		if err != nil {
			return nil, fmt.Errorf("read icon %s: %w", name, err)
		}
		shapes, err := shapesOf(string(svg))
		if err != nil {
			return nil, fmt.Errorf("read icon %s: %w", name, err)
		}
		fmt.Fprintf(&b, `<symbol id="%s" viewBox="0 0 24 24">%s</symbol>`+"\n", name, shapes)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String()), nil
}

// shapesOf returns what stands between the svg tags, on one line.
func shapesOf(svg string) (string, error) {
	m := regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`).FindStringSubmatch(svg)
	if m == nil {
		return "", fmt.Errorf("no svg element")
	}
	shapes := strings.Join(strings.Fields(m[1]), " ")
	return strings.ReplaceAll(strings.ReplaceAll(shapes, " />", "/>"), "> <", "><"), nil
}
