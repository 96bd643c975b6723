package expr_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/expr"
	"formrail/models/field"
)

func dec(s string) field.Decimal { return *field.Bound(s) }

// sunday is the fixed step time of these tests.
var sunday = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func input() expr.Input {
	return expr.Input{Now: sunday, Seed: 7, Vars: expr.MapVars{
		"trigger": map[string]any{
			"event": "create",
			"user":  map[string]any{"id": int64(3), "name": "Priya"},
			"none":  nil,
			"data": map[string]any{
				"amount": dec("12400"), "limit": int64(10000), "title": "Laptop", "paid": true, "numeric": "17",
				"at": time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC), "stored": "2026-11-20T09:30:00.000Z",
				"due": field.Date("2026-11-30"),
				"lines": []any{
					map[string]any{"sku": "A", "price": dec("99.5"), "count": int64(2), "tags": []any{"x", "y"}},
					map[string]any{"sku": "B", "price": dec("0.1"), "count": int64(3), "tags": []any{"z"}},
				},
			},
		},
		"nodes": map[string]any{"q1": []any{int64(1), int64(2)}, "n1": map[string]any{"total": int64(5)}},
		"loops": map[string]any{"l1": map[string]any{"index": int64(0)}},
		"env":   map[string]any{"name": "prod"},
	}}
}

func run(t testing.TB, source string) (any, []expr.Warning, error) {
	p, err := expr.Compile(source)
	require.NoError(t, err, source)
	return p.Run(context.Background(), input())
}

func TestExpr_Values(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]any{
		// numbers
		`7/2`: dec("3.5"), `6/2`: dec("3"), `0.1+0.2`: dec("0.3"), `1+2*3`: int64(7), `-7 % 3`: int64(-1), `5.5 % 2`: dec("1.5"),
		`9223372036854775807 + 1`:               dec("9223372036854775808"),
		`-9223372036854775807 - 2`:              dec("-9223372036854775809"),
		`9223372036854775807 * 2`:               dec("18446744073709551614"),
		`0.1 + 0.2 == 0.3`:                      true,
		`1 == 1.0`:                              true,
		`2 ** 10`:                               int64(1024),
		`2 ^ 0.5`:                               dec("1.41421356237310"),
		`2 ** -1`:                               dec("0.5"),
		`1.1 ** 2`:                              dec("1.21"),
		`12345678901234567890.12 * 1`:           dec("12345678901234567890.12"),
		`1_000 + 1`:                             int64(1001),
		`0x10`:                                  int64(16),
		`-(-3)`:                                 int64(3),
		`+5`:                                    int64(5),
		`round(2.345, 2)`:                       dec("2.35"),
		`round(-2.345, 2)`:                      dec("-2.35"),
		`round(2.345, 2, "even")`:               dec("2.34"),
		`round(2.5)`:                            dec("3"),
		`round(1250, -2)`:                       int64(1300),
		`floor(-1.5)`:                           dec("-2"),
		`ceil(1.21, 1)`:                         dec("1.3"),
		`trunc(-1.29, 1)`:                       dec("-1.2"),
		`abs(-3)`:                               int64(3),
		`min(3, 1.5, nil)`:                      dec("1.5"),
		`max([1, 7, 3])`:                        int64(7),
		`avg(1, 2)`:                             dec("1.5"),
		`median([3, 1, 2])`:                     int64(2),
		`sum([])`:                               int64(0),
		`avg([])`:                               nil,
		`min([])`:                               nil,
		`sum([1, nil, 0.5])`:                    dec("1.5"),
		`sqrt(2)`:                               dec("1.41421356237310"),
		`number(" 1.50 ")`:                      dec("1.5"),
		`number("3")`:                           int64(3),
		`int(3.9)`:                              int64(3),
		`formatNumber(1234567.5, 2)`:            "1,234,567.50",
		`formatNumber(-1234567.5, 1, ".", ",")`: "-1.234.567,5",
		`trigger.data.amount * 1.25`:            dec("15500"),
		`trigger.data.amount > 10000 ? "a" : "b"`: "a",
		// null
		`nil == null`: true, `0 == nil`: false, `"" == nil`: false, `nil != 0`: true, `nil < 1`: false, `1 >= nil`: false,
		`trigger.none + 1`: nil, `nil ?? 5`: int64(5), `trigger.data.gone ?? "x"`: "x", `not nil`: true, `"a" + nil`: "a", `nil + "a"`: "a",
		`trigger.none?.a.b`: nil, `trigger.data.gone.far`: nil, `[1,2][9]`: nil, `nil in [1]`: false, `nil in [nil]`: true,
		// text
		`"a" + "b"`: "ab", `"abc" contains "b"`: true, `"abc" startsWith "a"`: true, `"abc" not endsWith "c"`: false,
		`"abc" matches "^a.c$"`: true, `"b" > "a"`: true, `upper("ä")`: "Ä", `len("äö")`: int64(2), `"hello"[1:3]`: "el",
		`substring("hello", 1)`: "ello", `left("abc", 2)`: "ab", `right("abc", 2)`: "bc", `padStart(7, 3, "0")`: "007",
		`repeat("ab", 3)`: "ababab", `replace("a-b-c", "-", "")`: "abc", `join(split("a,b", ","), "|")`: "a|b", `indexOf("äbc", "b")`: int64(1),
		`text(1.50)`: "1.5", `text([1, "a"])`: `[1,"a"]`, `"it's" + ' "q"'`: `it's "q"`, `capitalize("ähm")`: "Ähm", `trim("  a ")`: "a",
		// dates
		`date("2026-03-01") - date("2026-02-28")`:               int64(86400000),
		`days(trigger.data.due - today())`:                      dec("8"),
		`trigger.data.at == trigger.data.stored`:                true,
		`trigger.data.at < now()`:                               true,
		`hours(now() - trigger.data.stored)`:                    dec("48.5"),
		`trigger.data.at + duration("2h")`:                      time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC),
		`trigger.data.due + duration("1mo")`:                    field.Date("2026-12-30"),
		`trigger.data.due - duration("1d")`:                     field.Date("2026-11-29"),
		`duration("2h") + trigger.data.due`:                     time.Date(2026, 11, 30, 2, 0, 0, 0, time.UTC),
		`duration("1d") + trigger.data.due`:                     field.Date("2026-12-01"),
		`hours(duration("90m") * 2)`:                            dec("3"),
		`duration("3h") / duration("2h")`:                       dec("1.5"),
		`duration("2h") > duration("90m")`:                      true,
		`date(2024, 2, 29)`:                                     field.Date("2024-02-29"),
		`add(date("2024-01-31"), 1, "month")`:                   field.Date("2024-02-29"),
		`add(now(), 90, "minutes")`:                             sunday.Add(90 * time.Minute),
		`subtract(today(), 1, "week")`:                          field.Date("2026-11-15"),
		`diff(date("2026-03-15"), date("2026-01-31"), "day")`:   dec("43"),
		`diff(date("2026-02-14"), date("2026-01-31"), "month")`: dec("0.5"),
		`diff(date("2026-01-31"), date("2026-02-28"), "month")`: dec("-1"),
		`startOf(now(), "week")`:                                time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC),
		`endOf(today(), "month")`:                               field.Date("2026-11-30"),
		`endOf(now(), "hour")`:                                  time.Date(2026, 11, 22, 10, 59, 59, 999e6, time.UTC),
		`format(now(), "D.M.YYYY [at] H:mm, dddd")`:             "22.11.2026 at 10:00, Sunday",
		`weekday(now())`:                                        int64(7),
		`isoWeek(date("2027-01-01"))`:                           int64(53),
		`quarter(now())`:                                        int64(4),
		`isLeapYear(date("2000-01-01"))`:                        true,
		`timestamp(date("1970-01-02"))`:                         int64(86400000),
		`fromTimestamp(0)`:                                      time.UnixMilli(0).UTC(),
		`system.thisWeek.start`:                                 time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC),
		`system.nextYear.end`:                                   time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC),
		`system.lastQuarter.start`:                              time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC),
		`system.now == now()`:                                   true,
		`trigger.data.at >= system.thisMonth.start`:             true,
		// lists and objects
		`trigger.data.lines[0].sku`: "A", `trigger.data.lines[-1].sku`: "B", `trigger.data.lines.sku`: []any{"A", "B"},
		`trigger.data.lines.tags`:                        []any{"x", "y", "z"},
		`sum(trigger.data.lines, .price * .count)`:       dec("199.3"),
		`sum(trigger.data.lines.price)`:                  dec("99.6"),
		`filter(trigger.data.lines, .price > 1)[0].sku`:  "A",
		`map(1..3, # * #)`:                               []any{int64(1), int64(4), int64(9)},
		`map(["a"], {{# + "!"}})`:                        []any{"a!"},
		`count(trigger.data.lines, .count > 2)`:          int64(1),
		`count([1,2])`:                                   int64(2),
		`any([1,2], # == 2) and all([], false)`:          true,
		`none([1], # > 1)`:                               true,
		`one([1,2], # > 1)`:                              true,
		`find([3,4,5], # > 3)`:                           int64(4),
		`findLastIndex([3,4,5], # > 3)`:                  int64(2),
		`findIndex([3], # > 3)`:                          int64(-1),
		`sortBy(trigger.data.lines, .price)[0].sku`:      "B",
		`sortBy([1,3,2], #, "desc")`:                     []any{int64(3), int64(2), int64(1)},
		`sort(["b","a"])`:                                []any{"a", "b"},
		`groupBy([1,2,3], # % 2)["1"]`:                   []any{int64(1), int64(3)},
		`reduce([1,2,3], #acc + #, 10)`:                  int64(16),
		`reduce([1,2,3], #acc + #)`:                      int64(6),
		`[1,2,3] | map(# + #index) | sum()`:              int64(9),
		`uniq([1, 1.0, "1", [1], [1.0]])`:                []any{int64(1), "1", []any{int64(1)}},
		`flatten([[1],[2,[3]],4])`:                       []any{int64(1), int64(2), []any{int64(3)}, int64(4)},
		`concat([1],[2])`:                                []any{int64(1), int64(2)},
		`{a: 1, "b c": [2]}`:                             map[string]any{"a": int64(1), "b c": []any{int64(2)}},
		`{a: {b: 1}}.a.b`:                                int64(1),
		`merge({a: 1, b: 1}, {b: 2})`:                    map[string]any{"a": int64(1), "b": int64(2)},
		`keys({b: 1, a: 2})`:                             []any{"a", "b"},
		`values({b: 1, a: 2})`:                           []any{int64(2), int64(1)},
		`2 in [1, 2.0]`:                                  true,
		`"a" in {a: 1}`:                                  true,
		`[1,2] contains 2`:                               true,
		`[1, {a: 2}] == [1.0, {a: 2.0}]`:                 true,
		`{a: 1} == {a: 1, b: nil}`:                       false,
		`first([])`:                                      nil,
		`take([1,2,3], 2)`:                               []any{int64(1), int64(2)},
		`skip([1,2,3], 2)`:                               []any{int64(3)},
		`toJSON({b: 1.50, a: nil})`:                      `{"a":null,"b":1.5}`,
		`fromJSON("{\"a\": 1.50}").a`:                    dec("1.5"),
		`isEmpty("") and isEmpty([]) and not isEmpty(0)`: true,
		`type(1.5) + type(now()) + type(duration("1h"))`: "numberdateduration",
		`[now() - now()]`:                                []any{int64(0)},
		// forms of writing
		`{{ trigger.data.amount }} * 2`:         dec("24800"),
		`{{trigger.data.title}}`:                "Laptop",
		`$context.data.title`:                   "Laptop",
		`$jobsMapByNodeKey.q1[1]`:               int64(2),
		`$scopes.l1.index`:                      int64(0),
		`$env.name`:                             "prod",
		`$system.now == now()`:                  true,
		`${workflow.input.data.title}`:          "Laptop",
		`${n1.output.total} + 1`:                int64(6),
		`let x = 2; let y = x + 1; x * y`:       int64(6),
		`if trigger.data.paid { 1 } else { 2 }`: int64(1),
		"1 /* two */ + 2 // three":              int64(3),
		`nodes["q1"][0]`:                        int64(1),
		`let key = "title"; trigger.data[key]`:  "Laptop",
		`true or 1/0 == 1`:                      true,
		`false and 1/0 == 1`:                    false,
		`1 < 2 < 3`:                             true,
	} {
		got, _, err := run(t, source)
		require.NoError(t, err, source)
		require.Equal(t, want, got, source)
	}
}

func TestExpr_Faults(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`1 / 0`:                         expr.CodeDivisionByZero,
		`1 % 0`:                         expr.CodeDivisionByZero,
		`1.5 % 0.0`:                     expr.CodeDivisionByZero,
		`0 ** -1`:                       expr.CodeDivisionByZero,
		`10.0 ** 6000 * 10.0 ** 6000`:   expr.CodeOverflow,
		`0.1 ** -99999`:                 expr.CodeOverflow,
		`(-2) ** 0.5`:                   expr.CodeOverflow,
		`"5" + 1`:                       expr.CodeTypeMismatch,
		`trigger.data.numeric * 2`:      expr.CodeTypeMismatch,
		`"5" > 1`:                       expr.CodeTypeMismatch,
		`true + 1`:                      expr.CodeTypeMismatch,
		`-"a"`:                          expr.CodeTypeMismatch,
		`1 and true`:                    expr.CodeTypeMismatch,
		`"a" ? 1 : 2`:                   expr.CodeTypeMismatch,
		`now() + now()`:                 expr.CodeTypeMismatch,
		`now() + 1`:                     expr.CodeTypeMismatch,
		`upper(1)`:                      expr.CodeTypeMismatch,
		`filter("a", true)`:             expr.CodeTypeMismatch,
		`sum(["1"])`:                    expr.CodeTypeMismatch,
		`number("1,5")`:                 expr.CodeError,
		`date("soon")`:                  expr.CodeError,
		`add(now(), 1, "fortnight")`:    expr.CodeError,
		`add(now(), 9999, "years")`:     expr.CodeError,
		`duration("soon")`:              expr.CodeError,
		`let p = "("; "a" matches p`:    expr.CodeError,
		`fromJSON("{")`:                 expr.CodeError,
		`sqrt(-1)`:                      expr.CodeError,
		`1..1000000`:                    expr.CodeLimit,
		`map(1..1000, map(1..1000, #))`: expr.CodeLimit,
		`repeat("x", 1000000000)`:       expr.CodeLimit,
		`padStart("", 1000000000)`:      expr.CodeLimit,
		`reduce(1..100, #acc + #acc, "xxxxxxxxxx")`:                                   expr.CodeLimit,
		`count(1..90000, ` + "`" + strings.Repeat("x", 3000) + "`" + ` contains "y")`: expr.CodeLimit,
		nested(`a`, 12):         expr.CodeLimit,
		nested(`toJSON(a)`, 12): expr.CodeLimit,
		nested(`a == [a, 1]`, 3) + ` or ` + nested(`len(toJSON(a)) > 0`, 12): expr.CodeLimit,
	} {
		_, _, err := run(t, source)
		var fault *expr.Fault
		require.ErrorAs(t, err, &fault, source)
		require.Equal(t, want, fault.Code, source)
		require.NotEmpty(t, fault.Details["expression"], source)
	}
}

// nested builds a list that holds itself ten times, several levels deep, and ends in tail.
func nested(tail string, levels int) string {
	return `(let a = [1]; ` + strings.Repeat(`let a = [a,a,a,a,a,a,a,a,a,a]; `, levels) + tail + `)`
}

func TestExpr_FaultTellsWhereAndWhat(t *testing.T) {
	t.Parallel()
	_, _, err := run(t, `1 + trigger.data.amount / (5 - 5)`)
	var fault *expr.Fault
	require.ErrorAs(t, err, &fault)
	require.Equal(t, 24, fault.Position)
	require.Equal(t, []any{"12,400", "0"}, fault.Details["operands"])
	require.Equal(t, "A number was divided by zero.", fault.Error())
}

func TestExpr_WarnsOfMissingValues(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		`trigger.data.gone`:               {"trigger.data.gone"},
		`trigger.none.a.b`:                {"trigger.none"},
		`loop.item`:                       {"loop"},
		`trigger.data.title.x`:            {"trigger.data.title.x"},
		`trigger.data.gone ?? 1`:          nil,
		`trigger.data?.gone`:              nil,
		`trigger.none`:                    nil,
		`trigger.data.lines[7]`:           {"trigger.data.lines.7"},
		`trigger.none + 1`:                {"+"},
		`upper(trigger.none)`:             {"upper"},
		`trigger.data.a + trigger.data.a`: {"trigger.data.a", "+"},
	} {
		_, warnings, err := run(t, source)
		require.NoError(t, err)
		var got []string
		for _, w := range warnings {
			got = append(got, w.Path)
		}
		require.Equal(t, want, got, source)
	}
}

func TestExpr_RepeatsItsRandomNumbers(t *testing.T) {
	t.Parallel()
	first, _, err := run(t, `[random(), randomInt(1, 6), random()]`)
	require.NoError(t, err)
	second, _, err := run(t, `[random(), randomInt(1, 6), random()]`)
	require.NoError(t, err)
	require.Equal(t, first, second)
	list := first.([]any)
	require.NotEqual(t, list[0], list[2])
}

func TestExpr_DependsOnTheZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	in := input()
	in.Zone, in.Now = zone, time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	for source, want := range map[string]any{
		`today()`:               field.Date("2026-11-23"),
		`hour(now())`:           int64(5),
		`system.today.start`:    time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC),
		`startOf(now(), "day")`: time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC),
	} {
		p, err := expr.Compile(source)
		require.NoError(t, err)
		got, _, err := p.Run(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, want, got, source)
	}
}

func TestExpr_StopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p, err := expr.Compile(`sum(map(1..5000, #))`)
	require.NoError(t, err)
	_, _, err = p.Run(ctx, input())
	require.ErrorIs(t, err, context.Canceled)
}

func TestExpr_NeverChangesItsInput(t *testing.T) {
	t.Parallel()
	in := input()
	before, err := field.MarshalJSON(map[string]any(in.Vars.(expr.MapVars)))
	require.NoError(t, err)
	for _, source := range []string{
		`reverse(trigger.data.lines)`, `sort(nodes.q1, "desc")`, `sortBy(trigger.data.lines, .price, "desc")`,
		`concat(nodes.q1[0:1], [9])`, `merge(trigger.data, {title: "x"})`, `filter(nodes.q1, # > 1)`, `groupBy(nodes.q1, #)`,
	} {
		p, err := expr.Compile(source)
		require.NoError(t, err)
		_, _, err = p.Run(t.Context(), in)
		require.NoError(t, err)
	}
	after, err := field.MarshalJSON(map[string]any(in.Vars.(expr.MapVars)))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestFunctions_AreDescribed(t *testing.T) {
	t.Parallel()
	for _, f := range expr.Functions() {
		require.NotEmpty(t, f.Help, f.Name)
		require.Contains(t, f.Usage, "(", f.Name)
	}
	require.Greater(t, len(expr.Functions()), 80)
}
