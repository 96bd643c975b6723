package inbound_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/inbound"
)

// example is a signed request as a provider prints it in its documentation.
type example struct {
	preset, secret, body string
	headers              inbound.Headers
	at                   int64
	id                   string
}

func examples() []example {
	// Stripe prints no finished example: this one is made by its rule, by hand.
	mac := hmac.New(sha256.New, []byte("whsec_test_secret"))
	mac.Write([]byte(`1492774577.{"id":"evt_test"}`))
	stripe := hex.EncodeToString(mac.Sum(nil))
	return []example{
		{
			preset: "github", secret: "It's a Secret to Everybody", body: "Hello, World!",
			headers: inbound.Headers{{Name: "X-Hub-Signature-256", Value: "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
		},
		{
			preset: "slack", secret: "8f742231b10e8888abcd99yyyzzz85a5", at: 1531420618,
			body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
			headers: inbound.Headers{
				{Name: "X-Slack-Signature", Value: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
				{Name: "X-Slack-Request-Timestamp", Value: "1531420618"},
			},
		},
		{
			preset: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", at: 1614265330, body: `{"test": 2432232314}`, id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
			headers: inbound.Headers{
				{Name: "webhook-id", Value: "msg_p5jXN8AQM9LWM0D4loKWxJek"},
				{Name: "webhook-timestamp", Value: "1614265330"},
				{Name: "webhook-signature", Value: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
			},
		},
		{
			preset: "stripe", secret: "whsec_test_secret", at: 1492774577, body: `{"id":"evt_test"}`,
			headers: inbound.Headers{{Name: "Stripe-Signature", Value: "t=1492774577,v1=" + stripe + ",v1=" + strings.Repeat("0", 64) + ",v0=" + stripe}},
		},
	}
}

func (e example) signature() inbound.Signature {
	s := inbound.Presets()[e.preset]
	s.Secrets = []string{"another secret", e.secret}
	return s
}

func TestSignature_PresetsAcceptWhatProvidersPrint(t *testing.T) {
	t.Parallel()
	for _, e := range examples() {
		proof, err := e.signature().Check(e.headers, []byte(e.body), time.Unix(e.at, 0).Add(4*time.Minute))
		require.NoError(t, err, e.preset)
		require.Equal(t, e.id, proof.ID, e.preset)
		require.Len(t, proof.Signature, 64, e.preset)
	}
}

func TestSignature_RefusesWhatWasTouched(t *testing.T) {
	t.Parallel()
	for _, e := range examples() {
		now := time.Unix(e.at, 0)
		check := func(s inbound.Signature, h inbound.Headers, body string, at time.Time) string {
			_, err := s.Check(h, []byte(body), at)
			require.Error(t, err, e.preset)
			return code(err)
		}
		good := e.signature()
		require.Equal(t, inbound.BadSignature, check(good, e.headers, e.body+" ", now), "another body")
		require.Equal(t, inbound.BadSignature, check(good, nil, e.body, now), "no signature")
		require.Equal(t, inbound.BadSignature, check(good, append(e.headers, e.headers...), e.body, now), "headers twice")
		wrong := good
		wrong.Secrets = []string{"another secret", ""}
		require.Equal(t, inbound.BadSignature, check(wrong, e.headers, e.body, now), "another secret")
		wrong.Secrets = nil
		require.Equal(t, inbound.BadSignature, check(wrong, e.headers, e.body, now), "no secret")
		for i, h := range e.headers {
			touched := append(inbound.Headers(nil), e.headers...)
			touched[i].Value = "x" + h.Value
			require.Equal(t, inbound.BadSignature, check(good, touched, e.body, now), h.Name)
		}
		if good.Tolerance > 0 {
			require.Equal(t, inbound.OutsideWindow, check(good, e.headers, e.body, now.Add(301*time.Second)), "too late")
			require.Equal(t, inbound.OutsideWindow, check(good, e.headers, e.body, now.Add(-301*time.Second)), "too early")
			require.Equal(t, inbound.BadSignature, check(good, e.headers, e.body+"x", now.Add(time.Hour)), "a bad signature is said first")
		}
	}
}

// TestSignature_OwnFormsRoundTrip signs random bodies in every form and changes one bit.
func TestSignature_OwnFormsRoundTrip(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	for i := range 300 {
		now := time.Unix(1_700_000_000+rnd.Int64N(1e6), 0)
		stamp := now.Unix()
		s := inbound.Signature{
			Header: "X-Sig", Prefix: []string{"", "sha=", "v1,"}[rnd.IntN(3)], Algorithm: []string{"sha256", "sha512", "sha1"}[rnd.IntN(3)],
			Encoding: []string{"hex", "base64"}[rnd.IntN(2)], Content: []string{"{body}", "{timestamp}:{body}", "{id}{body}{id}", "const"}[rnd.IntN(4)],
			TimestampHeader: "X-At", IDHeader: "X-Id", Tolerance: time.Minute, Secrets: []string{"s-" + strconv.Itoa(i)},
		}
		body := make([]byte, rnd.IntN(300))
		for j := range body {
			body[j] = byte(rnd.Uint32())
		}
		h := inbound.Headers{{Name: "x-at", Value: strconv.FormatInt(stamp, 10)}, {Name: "x-id", Value: "d-" + strconv.Itoa(i)}}
		h = append(h, inbound.Header{Name: "x-sig", Value: s.Sign(h, body)})
		proof, err := s.Check(h, body, now)
		require.NoError(t, err)
		require.Equal(t, "d-"+strconv.Itoa(i), proof.ID)
		if len(body) > 0 && s.Content != "const" {
			body[rnd.IntN(len(body))] ^= 1 << rnd.IntN(8)
			_, err = s.Check(h, body, now)
			require.Equal(t, inbound.BadSignature, code(err))
		}
	}
}

func TestBasic_ComparesAll(t *testing.T) {
	t.Parallel()
	basic := func(s string) inbound.Headers {
		return inbound.Headers{{Name: "Authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(s))}}
	}
	b := inbound.Basic{User: "shop", Password: "a:b"}
	require.NoError(t, b.Check(basic("shop:a:b")))
	require.NoError(t, b.Check(inbound.Headers{{Name: "authorization", Value: "basic c2hvcDphOmI="}}))
	for _, h := range []inbound.Headers{
		nil, basic("shop:a"), basic("Shop:a:b"), basic("shop"), basic(""), basic(":"), append(basic("shop:a:b"), basic("shop:a:b")...),
		{{Name: "Authorization", Value: "Bearer c2hvcDphOmI="}},
		{{Name: "Authorization", Value: "Basic !"}},
		{{Name: "Authorization", Value: "Basic"}},
	} {
		require.Equal(t, inbound.Unknown, code(b.Check(h)), "%v", h)
	}
	require.Error(t, inbound.Basic{}.Check(basic(":")), "no password set is no password")
}

func TestBearer_ComparesAll(t *testing.T) {
	t.Parallel()
	b := inbound.Bearer{Header: "Authorization", Token: "t-1"}
	require.NoError(t, b.Check(inbound.Headers{{Name: "authorization", Value: "bearer t-1"}}))
	for _, v := range []string{"t-1", "Bearer t-12", "Bearer ", "Basic t-1", "Bearer T-1", ""} {
		require.Equal(t, inbound.Unknown, code(b.Check(inbound.Headers{{Name: "Authorization", Value: v}})), v)
	}
	own := inbound.Bearer{Header: "X-Key", Token: "k"}
	require.NoError(t, own.Check(inbound.Headers{{Name: "x-key", Value: "k"}}))
	require.Error(t, own.Check(inbound.Headers{{Name: "x-key", Value: "k"}, {Name: "x-key", Value: "k"}}))
	require.Error(t, inbound.Bearer{Header: "X-Key"}.Check(inbound.Headers{{Name: "x-key", Value: ""}}), "no token set is no token")
}

func TestNetworks_HoldAddresses(t *testing.T) {
	t.Parallel()
	n, wrong := inbound.ParseNetworks("203.0.113.7, 10.1.0.0/16\n2001:db8::/32;::ffff:198.51.100.9")
	require.Empty(t, wrong)
	for address, in := range map[string]bool{
		"203.0.113.7": true, "203.0.113.8": false, "10.1.255.1": true, "10.2.0.1": false, "2001:db8::5": true, "2001:db9::5": false,
		"::ffff:10.1.0.1": true, "198.51.100.9": true, "": false, "x": false, "2001:db8::5%eth0": true,
	} {
		err := n.Check(address)
		require.Equal(t, in, err == nil, address)
		if !in {
			require.Equal(t, inbound.AddressRefused, code(err))
		}
	}
	for _, bad := range []string{"10.0.0.0/33", "x", "10.0.0.1-10.0.0.9", "::ffff:10.0.0.0/104", "fe80::1%eth0", strings.Repeat("10.0.0.1,", 201)} {
		_, wrong := inbound.ParseNetworks(bad)
		require.NotEmpty(t, wrong, bad)
	}
	none, wrong := inbound.ParseNetworks(" ")
	require.Empty(t, wrong)
	require.NoError(t, none.Check("192.0.2.1"))
}

func TestRates_LetAsManyThrough(t *testing.T) {
	t.Parallel()
	var r inbound.Rates
	now := time.Unix(1_700_000_000, 0)
	for range 3 {
		require.Zero(t, r.Take(1, 3, now))
	}
	wait := r.Take(1, 3, now)
	require.InDelta(t, time.Second/3, wait, float64(time.Millisecond))
	require.Zero(t, r.Take(2, 3, now), "another key counts for itself")
	require.Zero(t, r.Take(1, 3, now.Add(wait)))
	require.NotZero(t, r.Take(1, 3, now.Add(wait)))
	require.NotZero(t, r.Take(1, 3, now.Add(-time.Hour)), "a clock that goes back gives nothing")
	require.Zero(t, r.Take(1, 0, now), "no rate is no limit")
	require.Zero(t, r.Take(3, 0.1, now))
	require.InDelta(t, 10*time.Second, r.Take(3, 0.1, now), float64(time.Millisecond))
}

func TestHeaders_KeepNoSecrets(t *testing.T) {
	t.Parallel()
	h := inbound.Headers{
		{"X-Request-Id", "r-1"},
		{"Accept", "a"},
		{"accept", "b"},
		{"Authorization", "x"},
		{"Cookie", "x"},
		{"Proxy-Authorization", "x"},
		{"X-Api-Key", "x"},
		{"X-Hub-Signature-256", "x"},
		{"webhook-signature", "x"},
		{"X-Gitlab-Token", "x"},
		{"X-Shopify-Hmac-Sha256", "x"},
		{"X-Own", "x"},
		{"X-Latin", "\xe4"},
	}
	require.Equal(t, map[string]any{"x-request-id": "r-1", "accept": "a, b", "x-latin": "\ufffd"}, h.Public("x-own"))
}
