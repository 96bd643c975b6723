package script

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dop251/goja"

	"formrail/models/field"
)

// maxSafe is the largest whole number a JavaScript number keeps exactly.
const maxSafe = 1<<53 - 1

// value builds a native JavaScript value from a canonical one: a private copy, with
// the properties of objects in sorted order. A number that would lose digits
// becomes text, with a warning.
func (s *sandbox) value(v any, path string) goja.Value {
	switch v := v.(type) {
	case nil:
		return goja.Null()
	case bool, string:
		return s.vm.ToValue(v)
	case int64:
		if v > maxSafe || v < -maxSafe {
			return s.inexact(strconv.FormatInt(v, 10), path)
		}
		return s.vm.ToValue(v)
	case field.Decimal:
		f := v.Float64()
		if exact, ok := field.AsDecimal(f); !ok || exact.Cmp(v) != 0 {
			return s.inexact(v.String(), path)
		}
		return s.vm.ToValue(f)
	case field.Date:
		return s.vm.ToValue(string(v))
	case time.Time:
		return s.vm.ToValue(field.FormatTime(v))
	case []any:
		return s.list(v, path)
	case map[string]any:
		return s.object(v, path)
	}
	return goja.Undefined()
}

func (s *sandbox) inexact(digits, path string) goja.Value {
	s.warn(fmt.Sprintf("%s is text in the script, because a JavaScript number would lose digits. Use dec(%s) to calculate with it.", path, path))
	return s.vm.ToValue(digits)
}

func (s *sandbox) list(list []any, path string) goja.Value {
	items := make([]any, len(list))
	for i, e := range list {
		items[i] = s.value(e, path+"["+strconv.Itoa(i)+"]")
	}
	return s.vm.NewArray(items...)
}

// object defines every property, so that names such as __proto__ are ordinary.
func (s *sandbox) object(m map[string]any, path string) *goja.Object {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := s.vm.NewObject()
	for _, k := range keys {
		s.define(out, k, s.value(m[k], path+"."+k))
	}
	return out
}

// define sets an own property that scripts may change.
func (s *sandbox) define(o *goja.Object, name string, v goja.Value) {
	if err := o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
		panic(err) // only frozen objects refuse, and this one is new
	}
}
