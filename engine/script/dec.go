package script

import (
	"github.com/dop251/goja"

	"formrail/models/field"
)

// decimalText is the property that holds the digits of an exact decimal.
const decimalText = "value"

// dec makes an exact decimal: dec("0.1").add("0.2") is 0.3. In a result it becomes
// an exact JSON number.
func (s *sandbox) dec(call goja.FunctionCall) goja.Value {
	return s.decimal(s.number(call.Argument(0)))
}

func (s *sandbox) decimal(d field.Decimal) goja.Value {
	if !d.InRange() {
		panic(s.vm.NewTypeError("the number is too large"))
	}
	if s.decimals == nil {
		s.decimals = s.decimalMethods()
	}
	o := s.vm.CreateObject(s.decimals)
	if err := o.DefineDataProperty(decimalText, s.vm.ToValue(d.String()), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
		panic(err) // the object is new
	}
	return o
}

func (s *sandbox) decimalMethods() *goja.Object {
	proto := s.vm.NewObject()
	add := func(name string, f func(this field.Decimal, call goja.FunctionCall) goja.Value) {
		method := s.vm.ToValue(func(call goja.FunctionCall) goja.Value { return f(s.number(call.This), call) })
		if err := proto.DefineDataProperty(name, method, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
			panic(err) // the object is new
		}
	}
	s.arithmetic(add)
	s.comparisons(add)
	add("round", func(this field.Decimal, call goja.FunctionCall) goja.Value {
		digits := int(call.Argument(0).ToInteger())
		if call.Argument(1).String() == "even" {
			return s.decimal(this.RoundEven(digits))
		}
		return s.decimal(this.Round(digits))
	})
	add("toFixed", func(this field.Decimal, call goja.FunctionCall) goja.Value {
		return s.vm.ToValue(this.StringFixed(int(max(0, min(call.Argument(0).ToInteger(), 100)))))
	})
	add("toString", func(this field.Decimal, _ goja.FunctionCall) goja.Value { return s.vm.ToValue(this.String()) })
	add("toNumber", func(this field.Decimal, _ goja.FunctionCall) goja.Value { return s.vm.ToValue(this.Float64()) })
	add("toJSON", func(this field.Decimal, _ goja.FunctionCall) goja.Value {
		raw, err := s.rawJSON(goja.Undefined(), s.vm.ToValue(this.String()))
		if err != nil {
			panic(err)
		}
		return raw
	})
	// + and < would silently go through binary numbers.
	add("valueOf", func(field.Decimal, goja.FunctionCall) goja.Value {
		panic(s.vm.NewTypeError("exact decimals have no operators: use add, sub, mul, div, cmp or toNumber"))
	})
	return proto
}

type addMethod func(name string, f func(this field.Decimal, call goja.FunctionCall) goja.Value)

func (s *sandbox) arithmetic(add addMethod) {
	binary := func(name string, f func(a, b field.Decimal) field.Decimal) {
		add(name, func(this field.Decimal, call goja.FunctionCall) goja.Value {
			other := s.number(call.Argument(0))
			if other.Sign() == 0 && (name == "div" || name == "mod") {
				panic(s.vm.NewTypeError("division by zero"))
			}
			return s.decimal(f(this, other))
		})
	}
	binary("add", field.Decimal.Add)
	binary("sub", field.Decimal.Sub)
	binary("mul", field.Decimal.Mul)
	binary("div", field.Decimal.Quo)
	binary("mod", field.Decimal.Rem)
	unary := func(name string, f func(field.Decimal) field.Decimal) {
		add(name, func(this field.Decimal, _ goja.FunctionCall) goja.Value { return s.decimal(f(this)) })
	}
	unary("neg", field.Decimal.Neg)
	unary("floor", field.Decimal.Floor)
	unary("ceil", field.Decimal.Ceil)
	unary("trunc", field.Decimal.Trunc)
	unary("abs", func(d field.Decimal) field.Decimal {
		if d.Sign() < 0 {
			return d.Neg()
		}
		return d
	})
}

func (s *sandbox) comparisons(add addMethod) {
	compare := func(name string, f func(n int) any) {
		add(name, func(this field.Decimal, call goja.FunctionCall) goja.Value {
			return s.vm.ToValue(f(this.Cmp(s.number(call.Argument(0)))))
		})
	}
	compare("cmp", func(n int) any { return n })
	compare("eq", func(n int) any { return n == 0 })
	compare("lt", func(n int) any { return n < 0 })
	compare("lte", func(n int) any { return n <= 0 })
	compare("gt", func(n int) any { return n > 0 })
	compare("gte", func(n int) any { return n >= 0 })
}
