package web

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"formrail/engine"
	"formrail/engine/expr"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
)

// oneVariable finds braces with nothing but a variable between them.
var oneVariable = regexp.MustCompile(`\{\{\s*([A-Za-z_$][\w$]*(?:\.[\w$]+|\[\d+\])*)\s*\}\}`)

// references lists the variables of a text, each with how it is written.
func references(source string) map[string]expr.Reference {
	out := map[string]expr.Reference{}
	for _, found := range oneVariable.FindAllStringSubmatch(source, -1) {
		program, err := expr.Compile(found[1])
		if err == nil && len(program.References()) == 1 {
			out[found[1]] = program.References()[0]
		} else {
			out[found[1]] = expr.Reference{Root: found[1]}
		}
	}
	return out
}

// variableNames says what the variables in some texts are called.
func (e *editing) variableNames(ctx context.Context, texts []string) []editor.VariableName {
	var out []editor.VariableName
	known := references(strings.Join(texts, " "))
	for _, path := range slices.Sorted(maps.Keys(known)) {
		titles, shape, ok := engine.Named(ctx, e.variables, known[path])
		one := editor.VariableName{Path: path, Label: strings.Join(titles, " / "), Icon: kindIcon(shape)}
		if !ok {
			one.Label = path
			one.Problem = text.T(ctx, "variables.gone", "This step cannot read it: there is nothing of that name before it.")
		}
		out = append(out, one)
	}
	return out
}

// holds is the kind of what one variable in braces holds; empty when nobody knows.
func (e *editing) holds(ctx context.Context, written string) field.Kind {
	for _, ref := range references(written) {
		if _, shape, ok := engine.Named(ctx, e.variables, ref); ok && !shape.List {
			return shape.Kind
		}
	}
	return ""
}
