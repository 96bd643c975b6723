package script

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"

	"formrail/models/field"
)

// sandbox is one fresh runtime for one run.
type sandbox struct {
	vm        *goja.Runtime
	stringify goja.Callable // JSON.stringify as it was before the script ran
	rawJSON   goja.Callable
	decimals  *goja.Object // prototype of dec() values; made when first used
	log       []LogLine
	cut       bool // lines were left out
	warnings  []string
}

// prelude takes away what compiles text into code: eval and the constructors of all
// kinds of functions, also where they hang on prototypes.
//
//nolint:gochecknoglobals // built once, never changed
var prelude = sync.OnceValue(func() *goja.Program {
	return goja.MustCompile("prelude", `
		delete (function(){}).__proto__.constructor;
		delete (async function(){}).__proto__.constructor;
		delete (function*(){}).__proto__.constructor;
		delete globalThis.eval; delete globalThis.Function; delete globalThis.GoError;`, true)
})

func newSandbox() (*sandbox, error) {
	s := &sandbox{vm: goja.New()}
	s.vm.SetMaxCallStackSize(1000)
	if _, err := s.vm.RunProgram(prelude()); err != nil {
		return nil, err
	}
	json := s.vm.Get("JSON").ToObject(s.vm)
	s.stringify, _ = goja.AssertFunction(json.Get("stringify"))
	s.rawJSON, _ = goja.AssertFunction(json.Get("rawJSON"))
	console := s.vm.NewObject()
	for _, m := range [][2]string{{"debug", "debug"}, {"log", "info"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}} {
		if err := console.Set(m[0], s.console(m[1])); err != nil {
			return nil, err
		}
	}
	if err := s.vm.Set("console", console); err != nil {
		return nil, err
	}
	return s, s.vm.Set("dec", s.dec)
}

// set gives the script its clock and its random numbers.
func (s *sandbox) set(now time.Time, seed int64) {
	s.vm.SetTimeSource(func() time.Time { return now })
	s.vm.SetRandSource(rand.New(rand.NewPCG(uint64(seed), 0x5eed)).Float64) //nolint:gosec // repeatable on purpose
}

func (s *sandbox) warn(sentence string) {
	const most = 20
	if len(s.warnings) < most {
		s.warnings = append(s.warnings, sentence)
	}
}

func (s *sandbox) console(level string) func(goja.FunctionCall) goja.Value {
	return func(call goja.FunctionCall) goja.Value {
		if len(s.log) >= maxLines {
			s.cut = true
			return goja.Undefined()
		}
		var b strings.Builder
		for i, v := range call.Arguments {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(s.shown(v))
			if b.Len() > maxLine {
				break
			}
		}
		s.log = append(s.log, LogLine{Level: level, Text: shorten(b.String(), maxLine)})
		return goja.Undefined()
	}
}

// shown is a value as one line of text: text as it is, objects as JSON.
func (s *sandbox) shown(v goja.Value) string {
	o, ok := v.(*goja.Object)
	if !ok {
		return v.String()
	}
	if o.ClassName() == "Error" {
		return o.String()
	}
	j, err := s.stringify(goja.Undefined(), o)
	if err != nil || goja.IsUndefined(j) {
		return o.String()
	}
	return j.String()
}

func shorten(line string, limit int) string {
	line = strings.ToValidUTF8(line, "\uFFFD")
	if len(line) <= limit {
		return line
	}
	for limit > 0 && !utf8.RuneStart(line[limit]) {
		limit--
	}
	return line[:limit] + "…"
}

// json is the result of a script as JSON text. undefined and what has no JSON form
// are null.
func (s *sandbox) json(v goja.Value) (string, error) {
	lost := false
	replace := func(call goja.FunctionCall) goja.Value {
		v := call.Argument(1)
		if f, ok := v.Export().(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) && !isObject(v) {
			lost = true
		}
		return v
	}
	j, err := s.stringify(goja.Undefined(), v, s.vm.ToValue(replace))
	if err != nil {
		return "", err
	}
	if lost {
		s.warn("The result holds numbers that are not finite. They became null.")
	}
	if goja.IsUndefined(j) {
		return "null", nil
	}
	return j.String(), nil
}

func isObject(v goja.Value) bool {
	_, ok := v.(*goja.Object)
	return ok
}

// number reads an argument of dec(): a number, numeric text, a bigint or another
// exact decimal.
func (s *sandbox) number(v goja.Value) field.Decimal {
	if o, ok := v.(*goja.Object); ok {
		v = o.Get(decimalText)
		if v == nil {
			v = goja.Undefined()
		}
	}
	d, err := field.ParseDecimal(strings.TrimSpace(v.String()))
	if err != nil {
		panic(s.vm.NewTypeError("not a number: %s", shorten(v.String(), 60)))
	}
	return d
}
