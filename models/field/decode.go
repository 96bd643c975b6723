package field

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"formrail/models/text"
)

// Resolves reports whether a setting of this declaration is resolved at run
// time: the {{ }} in its texts are replaced by values before a node sees it.
func (f Field) Resolves() bool {
	if f.Template {
		return true
	}
	switch f.Kind {
	case Value, Template, Filter, Values, Inputs, Pairs, People, JSON:
		return true
	case List, Group:
		return slices.ContainsFunc(f.Items, Field.Resolves)
	default:
		return false
	}
}

// HasTemplate reports whether a value has a text with {{ in it, at any depth.
func HasTemplate(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{") || strings.Contains(v, "${")
	case []any:
		return slices.ContainsFunc(v, HasTemplate)
	case map[string]any:
		for _, e := range v {
			if HasTemplate(e) {
				return true
			}
		}
	}
	return false
}

// SameNames compares the names of a form with the json tags of the struct that
// its values decode into, so that the two cannot drift apart.
func SameNames(form []Field, t reflect.Type) error {
	tags := tagsOf(t)
	for _, f := range form {
		if _, ok := tags[f.Name]; !ok {
			return fmt.Errorf("setting %q has no field in %s", f.Name, t)
		}
		delete(tags, f.Name)
	}
	for name := range tags {
		return fmt.Errorf("field %q of %s is not in the form", name, t)
	}
	return nil
}

// Decode reads settings into config, a pointer to a struct whose json tags are
// the names of the form. Defaults fill what is absent. Values that are resolved
// at run time and hold a template are skipped, see [Assign]. Missing required
// settings have code MISSING, everything else that is wrong DEFINITION_INVALID.
func Decode(form []Field, raw map[string]any, config any) Problems {
	var problems Problems
	for name := range raw {
		if !slices.ContainsFunc(form, func(f Field) bool { return f.Name == name }) {
			problems.Add(name, "DEFINITION_INVALID", text.M("setting.unknown", "%s is not a setting here.", name))
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	dst := reflect.ValueOf(config).Elem()
	tags := tagsOf(dst.Type())
	for _, f := range form {
		v, present := raw[f.Name]
		if !present || v == nil {
			v = f.Default
		}
		if v == nil {
			if f.Required && f.shown(raw, form) {
				problems.Add(f.Name, "MISSING", text.M("setting.missing", "%s is missing.", f.Label))
			}
			continue
		}
		if f.Kind == List || f.Kind == Group {
			var wrong Problems
			if v, wrong = f.complete(v); len(wrong) > 0 {
				problems = append(problems, wrong...)
				continue
			}
		}
		if f.Resolves() && HasTemplate(v) {
			continue
		}
		if p, bad := f.check(v); bad {
			problems = append(problems, p)
			continue
		}
		if err := set(dst.Field(tags[f.Name]), v); err != nil {
			problems.Add(f.Name, "DEFINITION_INVALID", text.M("setting.invalid", "%s: %s.", f.Label, err))
		}
	}
	return problems
}

// Assign puts resolved values into config. A value of the wrong type has code
// TYPE_MISMATCH.
func Assign(form []Field, values map[string]any, config any) Problems {
	var problems Problems
	dst := reflect.ValueOf(config).Elem()
	tags := tagsOf(dst.Type())
	for _, f := range form {
		v, ok := values[f.Name]
		if !ok {
			continue
		}
		if err := set(dst.Field(tags[f.Name]), v); err != nil {
			problems.Add(f.Name, "TYPE_MISMATCH", text.M("setting.mismatch", "%s: %s.", f.Label, err))
		}
	}
	return problems
}

// shown evaluates When against the settings, with the defaults of the form.
func (f Field) shown(raw map[string]any, form []Field) bool {
	if f.When == nil {
		return true
	}
	v, ok := raw[f.When.Field]
	if !ok {
		i := slices.IndexFunc(form, func(o Field) bool { return o.Name == f.When.Field })
		if i < 0 {
			return true
		}
		v = form[i].Default
	}
	return slices.Contains(f.When.Values, fmt.Sprint(v))
}

// check applies what a declaration says about a constant: options and bounds.
func (f Field) check(v any) (Problem, bool) {
	bad := func(m text.Message) (Problem, bool) {
		return Problem{Field: f.Name, Code: "DEFINITION_INVALID", Message: m}, true
	}
	switch f.Kind {
	case Select:
		s, ok := v.(string)
		if !ok || !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == s }) {
			return bad(text.M("setting.option", "%s: choose one of the offered values.", f.Label))
		}
	case Set:
		list, ok := v.([]any)
		for _, e := range list {
			s, isText := e.(string)
			ok = ok && isText && slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == s })
		}
		if _, typed := v.([]string); !ok && !typed {
			return bad(text.M("setting.options", "%s: choose from the offered values.", f.Label))
		}
	case TimeZone, MomentKind, RepeatKind:
		if m := f.checkTimed(v); !m.IsZero() {
			return bad(m)
		}
	case Texts:
		list, ok := v.([]any)
		for _, e := range list {
			_, isText := e.(string)
			ok = ok && isText
		}
		if !ok {
			return bad(text.M("setting.texts", "%s must be a list of texts.", f.Label))
		}
	case Secret:
		ref, ok := v.(map[string]any)
		if id, isText := ref["secret"].(string); !ok || !isText || id == "" || len(ref) != 1 {
			return bad(text.M("setting.secret", "%s must be entered again.", f.Label))
		}
	case Text, LongText:
		s, ok := v.(string)
		if !ok {
			break // whatever the settings take is converted
		}
		if f.MaxLength > 0 && len([]rune(s)) > f.MaxLength {
			return bad(text.M("setting.long", "%s has at most %d characters.", f.Label, f.MaxLength))
		}
		if f.Pattern != "" && !matches(f.Pattern, s) {
			return bad(text.M("setting.pattern", "%s: %s does not have the form that is needed.", f.Label, s))
		}
	case Integer:
		n, ok := asInt(v)
		if !ok {
			return bad(text.M("setting.integer", "%s: enter a whole number.", f.Label))
		}
		d := DecimalFromInt(n)
		if (f.Min != nil && d.Cmp(*f.Min) < 0) || (f.Max != nil && d.Cmp(*f.Max) > 0) {
			return bad(text.M("setting.range", "%s is out of range.", f.Label))
		}
	}
	return Problem{}, false
}

// complete fills the defaults of the entries of a List or Group and checks each entry;
// the problems name its place: "input.0.name".
func (f Field) complete(v any) (any, Problems) {
	if f.Kind == Group {
		one, problems := f.entry(v)
		return one, problems.within(f.Name)
	}
	list, ok := v.([]any)
	if !ok {
		return nil, Problems{{Field: f.Name, Code: "DEFINITION_INVALID", Message: text.M("setting.list", "%s must be a list.", f.Label)}}
	}
	var problems Problems
	out := make([]any, len(list))
	for i, e := range list {
		one, wrong := f.entry(e)
		problems = append(problems, wrong.within(fmt.Sprintf("%s.%d", f.Name, i))...)
		out[i] = one
	}
	return out, problems
}

// entry checks one object of a List or Group and fills its defaults.
func (f Field) entry(v any) (any, Problems) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, Problems{{Code: "DEFINITION_INVALID", Message: text.M("setting.entry", "%s must hold objects.", f.Label)}}
	}
	var problems Problems
	out := make(map[string]any, len(m))
	for name := range m {
		if !slices.ContainsFunc(f.Items, func(item Field) bool { return item.Name == name }) {
			problems.Add(name, "DEFINITION_INVALID", text.M("setting.unknown", "%s is not a setting here.", name))
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	for _, item := range f.Items {
		v := m[item.Name]
		if v == nil {
			v = item.Default
		}
		var wrong Problems
		switch {
		case v == nil && item.Required && item.shown(m, f.Items):
			wrong.Add(item.Name, "MISSING", text.M("setting.missing", "%s is missing.", item.Label))
		case v == nil:
			continue
		case item.Kind == List || item.Kind == Group:
			v, wrong = item.complete(v)
		case item.Resolves() && HasTemplate(v):
		default:
			if p, bad := item.check(v); bad {
				wrong = Problems{p}
			}
		}
		problems = append(problems, wrong...)
		out[item.Name] = v
	}
	return out, problems
}

// within gives the problems as those of something that stands at a place.
func (p Problems) within(at string) Problems {
	for i := range p {
		p[i].Field = strings.TrimSuffix(at+"."+p[i].Field, ".")
	}
	return p
}

func asInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case Decimal:
		return v.Int64()
	}
	return 0, false
}

func tagsOf(t reflect.Type) map[string]int {
	tags := map[string]int{}
	if t.Kind() != reflect.Struct {
		return tags
	}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			tags[name] = i
		}
	}
	return tags
}

// set assigns a canonical value to a Go field.
func set(dst reflect.Value, v any) error {
	if dst.CanAddr() {
		if u, ok := dst.Addr().Interface().(json.Unmarshaler); ok {
			raw, err := MarshalJSON(v)
			if err != nil {
				return err
			}
			return u.UnmarshalJSON(raw)
		}
	}
	if v == nil {
		dst.SetZero()
		return nil
	}
	src := reflect.ValueOf(v)
	if src.Type().AssignableTo(dst.Type()) {
		dst.Set(src)
		return nil
	}
	switch dst.Kind() {
	case reflect.Interface:
		dst.Set(src)
	case reflect.Pointer:
		p := reflect.New(dst.Type().Elem())
		if err := set(p.Elem(), v); err != nil {
			return err
		}
		dst.Set(p)
	case reflect.String:
		return setText(dst, v)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return fmt.Errorf("yes or no is needed, not %s", describe(v))
		}
		dst.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := asInt(v)
		if !ok {
			return fmt.Errorf("a whole number is needed, not %s", describe(v))
		}
		dst.SetInt(n)
	case reflect.Slice:
		return setList(dst, v)
	case reflect.Map:
		return setMap(dst, v)
	case reflect.Struct:
		return setStruct(dst, v)
	default:
		return fmt.Errorf("%s cannot be used here", describe(v))
	}
	return nil
}

func setText(dst reflect.Value, v any) error {
	switch v := v.(type) {
	case string:
		dst.SetString(v)
	case int64, int, Decimal, Date, bool:
		dst.SetString(fmt.Sprint(v))
	case time.Time:
		dst.SetString(FormatTime(v))
	default:
		return fmt.Errorf("text is needed, not %s", describe(v))
	}
	return nil
}

// setList accepts a list, and a single value as a list of one.
func setList(dst reflect.Value, v any) error {
	list, ok := v.([]any)
	if !ok {
		if texts, isTexts := v.([]string); isTexts {
			for _, s := range texts {
				list = append(list, s)
			}
		} else {
			list = []any{v}
		}
	}
	out := reflect.MakeSlice(dst.Type(), len(list), len(list))
	for i, e := range list {
		if err := set(out.Index(i), e); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	dst.Set(out)
	return nil
}

func setMap(dst reflect.Value, v any) error {
	m, ok := v.(map[string]any)
	if !ok || dst.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("an object is needed, not %s", describe(v))
	}
	out := reflect.MakeMapWithSize(dst.Type(), len(m))
	for k, e := range m {
		item := reflect.New(dst.Type().Elem()).Elem()
		if err := set(item, e); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		out.SetMapIndex(reflect.ValueOf(k), item)
	}
	dst.Set(out)
	return nil
}

func setStruct(dst reflect.Value, v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("an object is needed, not %s", describe(v))
	}
	tags := tagsOf(dst.Type())
	for k, e := range m {
		i, known := tags[k]
		if !known {
			return fmt.Errorf("%q is not known here", k)
		}
		if err := set(dst.Field(i), e); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	return nil
}

func describe(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "text"
	case bool:
		return "yes or no"
	case int64, int, Decimal:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "this value"
}
