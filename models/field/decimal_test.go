package field_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/models/field"
)

func dec(t require.TestingT, s string) field.Decimal {
	d, err := field.ParseDecimal(s)
	require.NoError(t, err, s)
	return d
}

func TestDecimal_IsExact(t *testing.T) {
	t.Parallel()
	require.Equal(t, dec(t, "0.3"), dec(t, "0.1").Add(dec(t, "0.2")))
	require.Equal(t, "3.5", dec(t, "7").Quo(dec(t, "2")).String())
	require.Equal(t, "0.3333333333333333333333333333333333", dec(t, "1").Quo(dec(t, "3")).String())
	require.Equal(t, "0.6666666666666666666666666666666667", dec(t, "2").Quo(dec(t, "3")).String())
	require.Equal(t, "-0.6666666666666666666666666666666667", dec(t, "-2").Quo(dec(t, "3")).String())
	require.Equal(t, "-1", dec(t, "-7").Rem(dec(t, "3")).String())
	require.Equal(t, "0.1", dec(t, "5.3").Rem(dec(t, "1.3")).String())
	require.Equal(t, "9223372036854775808", dec(t, "9223372036854775807").Add(field.DecimalFromInt(1)).String())
}

func TestDecimal_RoundsResultsHalfEvenTo34Digits(t *testing.T) {
	t.Parallel()
	one := dec(t, "1e33")
	require.Equal(t, one, one.Add(dec(t, "0.5")), "a tie goes to the even digit")
	require.Equal(t, one.Add(dec(t, "2")), one.Add(dec(t, "1.5")))
	require.Equal(t, one.Add(dec(t, "1")), one.Add(dec(t, "0.5000000001")))
	// 1 + 10^-34 divided by 1 has 35 digits and is cut to 34.
	require.Equal(t, "1", dec(t, "1.0000000000000000000000000000000001").Quo(dec(t, "1")).String())
}

func TestDecimal_Rounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		scale int
		half  string
		even  string
	}{
		{"2.345", 2, "2.35", "2.34"},
		{"-2.345", 2, "-2.35", "-2.34"},
		{"2.5", 0, "3", "2"},
		{"1250", -2, "1300", "1200"},
		{"1e20", 2, "100000000000000000000", "100000000000000000000"},
		{"7", -1, "10", "10"},
		{"4", -9999, "0", "0"},
	} {
		require.Equal(t, tt.half, dec(t, tt.in).Round(tt.scale).String(), tt.in)
		require.Equal(t, tt.even, dec(t, tt.in).RoundEven(tt.scale).String(), tt.in)
	}
	d := dec(t, "-1.5")
	require.Equal(t, []string{"-2", "-1", "-1"}, []string{d.Floor().String(), d.Ceil().String(), d.Trunc().String()})
	require.Equal(t, "1.50", dec(t, "1.5").StringFixed(2))
}

func TestDecimal_ParsesOnlyCompleteNumbers(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "-", ".", "1.", "1e", "e1", "1 ", " 1", "0x10", "1_000", "1,5", "NaN", "Inf", "--1", "1.2.3", "−1", "1e7000", "1e999999999999"} {
		_, err := field.ParseDecimal(s)
		require.ErrorIs(t, err, field.ErrNotNumber, "%q", s)
	}
	for s, want := range map[string]string{"+1": "1", ".5": "0.5", "007": "7", "1.50": "1.5", "-0.0": "0", "1E3": "1000", "1e-3": "0.001"} {
		require.Equal(t, want, dec(t, s).String(), s)
	}
}

func TestDecimal_ConvertsToInt64OnlyWhenItFits(t *testing.T) {
	t.Parallel()
	n, ok := dec(t, "9223372036854775807").Int64()
	require.True(t, ok)
	require.Equal(t, int64(9223372036854775807), n)
	for _, s := range []string{"9223372036854775808", "1.5", "1e30"} {
		_, ok = dec(t, s).Int64()
		require.False(t, ok, s)
	}
	n, ok = dec(t, "12.5").Scaled(2)
	require.True(t, ok)
	require.Equal(t, int64(1250), n)
	_, ok = dec(t, "12.555").Scaled(2)
	require.False(t, ok)
	require.Equal(t, "12.5", field.DecimalFromScaled(1250, 2).String())
}

func TestDecimal_TravelsThroughJSONAsNumber(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(struct{ A, B field.Decimal }{dec(t, "1e3"), dec(t, "-0.10")})
	require.NoError(t, err)
	require.JSONEq(t, `{"A":1000,"B":-0.1}`, string(b))
	var out struct{ A field.Decimal }
	require.NoError(t, json.Unmarshal([]byte(`{"A":12345678901234567890.5}`), &out))
	require.Equal(t, "12345678901234567890.5", out.A.String())
	require.Error(t, json.Unmarshal([]byte(`{"A":"1"}`), &out))
}

func TestDecimal_AgreesWithRationalNumbers(t *testing.T) {
	t.Parallel()
	gen := rapid.Custom(func(t *rapid.T) field.Decimal {
		return field.DecimalFromScaled(rapid.Int64().Draw(t, "n"), rapid.IntRange(-6, 12).Draw(t, "scale"))
	})
	rat := func(d field.Decimal) *big.Rat {
		r, _ := new(big.Rat).SetString(d.String())
		return r
	}
	near := func(t *rapid.T, got field.Decimal, want *big.Rat) {
		diff := new(big.Rat).Sub(rat(got), want)
		limit := new(big.Rat).Mul(new(big.Rat).Abs(want), big.NewRat(1, 1e18))
		limit.Mul(limit, big.NewRat(1, 1e15))
		require.LessOrEqual(t, diff.Abs(diff).Cmp(limit), 0, "%s is not %s", got, want.FloatString(40))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		near(t, a.Add(b), new(big.Rat).Add(rat(a), rat(b)))
		near(t, a.Sub(b), new(big.Rat).Sub(rat(a), rat(b)))
		near(t, a.Mul(b), new(big.Rat).Mul(rat(a), rat(b)))
		require.Equal(t, rat(a).Cmp(rat(b)), a.Cmp(b))
		if b.Sign() != 0 {
			near(t, a.Quo(b), new(big.Rat).Quo(rat(a), rat(b)))
		}
		again, err := field.ParseDecimal(a.String())
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}
