package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
)

// target is an address that takes a body, or words in its address.
type target struct {
	method string
	path   string
	kind   string // Content-Type that it wants
	signed bool   // with the token
}

func targets() []target {
	const json = "application/json"
	return []target{
		{"POST", "/hooks/take", json, false},
		{"POST", "/hooks/echo", json, false},
		{"PUT", "/hooks/echo", json, false},
		{"POST", "/api/sources:create", json, true},
		{"POST", "/api/sources:update?filterByTk=1", json, true},
		{"POST", "/api/effects:create", json, true},
		{"POST", "/api/workflows:create", json, true},
		{"POST", "/api/workflows:execute/quiet", json, true},
		{"POST", "/api/collections:create", json, true},
		{"POST", "/api/auth:signIn", json, false},
		{"POST", "/api/tasks:approve/1", json, true},
		{"POST", "/api/users:create", json, true},
	}
}

// head is the head of a request with a body of a length.
func (t target) head(kind string, length int, more ...string) string {
	lines := []string{t.method + " " + t.path + " HTTP/1.1", "Host: {host}", "Connection: close"}
	if t.signed {
		lines = append(lines, "Authorization: Bearer {token}")
	}
	if kind != "" {
		lines = append(lines, "Content-Type: "+kind)
	}
	if length >= 0 {
		lines = append(lines, "Content-Length: "+strconv.Itoa(length))
	}
	return strings.Join(append(lines, more...), "\r\n")
}

// hostileInputs gives n requests that chance puts together.
func hostileInputs(random *rand.Rand, n int) []hostileInput {
	makers := []func(*rand.Rand) hostileInput{hostileBody, hostileBody, hostileBody, hostileForm, hostileType, hostileFraming, hostileAddress, hostileQuery}
	list := make([]hostileInput, n)
	for i := range list {
		list[i] = makers[i%len(makers)](random)
		list[i].name = fmt.Sprintf("%d: %s", i, list[i].name)
	}
	return list
}

// pick draws one of a list.
func pick[T any](random *rand.Rand, list ...T) T { return list[random.IntN(len(list))] }

// hostileBody is JSON, or nearly.
func hostileBody(random *rand.Rand) hostileInput {
	t := pick(random, targets()...)
	name, body := hostileJSON(random)
	if random.IntN(3) == 0 { // where a value is expected
		field := pick(random, "mark", "title", "name", "key", "account", "password", "nodes", "config", "fields", "values", "filter", "type", "email", "comment", "input")
		body = fmt.Appendf(nil, `{%q:%s,"n":1}`, field, body)
	}
	return hostileInput{name: t.path + " " + name, head: t.head(t.kind, len(body)), body: body}
}

func hostileJSON(random *rand.Rand) (string, []byte) {
	count := pick(random, 10, 60, 70, 1000, 50_000)
	switch random.IntN(16) {
	case 0:
		return "nested lists", []byte(strings.Repeat("[", count) + strings.Repeat("]", count))
	case 1:
		return "nested objects", []byte(strings.Repeat(`{"a":`, count) + "1" + strings.Repeat("}", count))
	case 2:
		return "lists without an end", bytes.Repeat([]byte("["), count)
	case 3:
		var b bytes.Buffer
		for i := range count {
			fmt.Fprintf(&b, `%c"k%d":%d`, ",{"[min(1, max(0, 1-i))], i, i)
		}
		return "many keys", append(b.Bytes(), '}')
	case 4:
		return "one key again and again", []byte("{" + strings.Repeat(`"a":1,`, count) + `"a":2}`)
	case 5:
		return "a long number", []byte(strings.Repeat("9", count) + pick(random, "", ".5", "e5", "e-5"))
	case 6:
		return "a large exponent", []byte(pick(random, "1e999999999", "-1e-999999999", "1E+99999999999999999999", "0.0000000000000000000000001e400", "-0", "1e", "01", "--1"))
	case 7:
		return "no UTF-8", []byte("{\"mark\":\"" + pick(random, "\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80") + "\"}")
	case 8:
		return "zero bytes", []byte(`{"mark":"` + pick(random, `\u0000`, `a\u0000b`, "\x00", `\u0001\u001f`, `\u2028\ufeff`) + `","title":"\u0000"}`)
	case 9:
		return "half characters", []byte(`{"mark":"` + pick(random, `\ud800`, `\udc00\ud800`, `\ud83d\u0020`, `\uD8`, `\u{1f600}`, `\x41`) + `"}`)
	case 10:
		return "a long text", []byte(`{"mark":"` + strings.Repeat(pick(random, "x", "é", `\"`, `\u00e9`), count*4) + `"}`)
	case 11:
		return "a name that others use", []byte(pick(random, `{"__proto__":{"x":1}}`, `{"constructor":{"prototype":{}}}`, `{"$where":"1","$eq":{"$ne":null}}`, `{"id":1,"created_by":1,"version":99}`, `{"":""}`, `{"{{ trigger }}":"{{ system.now }}"}`))
	case 12:
		return "templates", []byte(`{"mark":"` + pick(random, `{{ repeat(\"x\", 1e9) }}`, `{{ {{ }} }}`, `{{ trigger.body.mark }}`, `${7*7}`, `<script>alert(1)</script>`, `'; DROP TABLE users; --`, `../../../../etc/passwd`, `%00`, `%n%n%n`) + `"}`)
	case 13:
		return "more than one value", []byte(pick(random, "{}{}", "[] []", "{}\n{}", "1,2", "\ufeff{}", "{}//", "{'a':1}", "{a:1}", "[1,]", "nul", "NaN", "Infinity", "\"", "", " ", "\x00"))
	case 14:
		return "other kinds of values", []byte(pick(random, "null", "true", "0", `"text"`, "[]", "[null]", "[[]]", "{}", `[{"mark":1},{"mark":[]},{"mark":{}}]`))
	}
	body := make([]byte, 1+random.IntN(200))
	for i := range body {
		body[i] = pick(random, []byte("{}[]\",:\\0123456789eE+-.truefalsn \x00\xff")...)
	}
	return "any bytes", body
}

// hostileForm is a body of another form that webhooks take.
func hostileForm(random *rand.Rand) hostileInput {
	t := pick(random, targets()[:3]...)
	count := pick(random, 10, 1000, 40_000)
	var kind string
	var body []byte
	name := ""
	switch random.IntN(8) {
	case 0:
		name, kind, body = "form with many fields", "application/x-www-form-urlencoded", []byte(strings.Repeat("a=1&", count))
	case 1:
		name, kind, body = "form with deep names", "application/x-www-form-urlencoded", []byte("a"+strings.Repeat("[b]", count)+"=1&a"+strings.Repeat(".b", count)+"=2")
	case 2:
		name, kind, body = "form with bad escapes", "application/x-www-form-urlencoded", []byte(pick(random, "a=%", "a=%zz", "%00=%ff", "=&=&&", "a=%u1234", ";;;"))
	case 3:
		name, kind, body = "parts without an end", "multipart/form-data; boundary=b", []byte(strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n", count))
	case 4:
		name, kind, body = "parts with odd names", "multipart/form-data; boundary="+pick(random, "b", `""`, strings.Repeat("b", 300), `"b c"`), []byte("--b\r\nContent-Disposition: form-data; name=\"../../x\"; filename=\"/etc/passwd\x00.png\"\r\n\r\nx\r\n--b--\r\n")
	case 5:
		name, kind, body = "deep XML", "application/xml", []byte(strings.Repeat("<a>", count)+strings.Repeat("</a>", count))
	case 6:
		name, kind = "XML that grows", "application/xml"
		body = []byte(`<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY f SYSTEM "file:///etc/passwd">]><a>&c;&f;</a>`)
	default:
		name, kind, body = "XML with many attributes", "text/xml", []byte("<a "+strings.Repeat("b='1' ", count)+"/>")
	}
	return hostileInput{name: t.path + " " + name, head: t.head(kind, len(body)), body: body}
}

// hostileType is a body whose type is not what it is.
func hostileType(random *rand.Rand) hostileInput {
	t := pick(random, targets()...)
	kind := pick(random, "", "text/plain", "application/octet-stream", "application/json; charset=utf-16", "application/json; charset=\"", "multipart/form-data", "a", "/", "image/png",
		"application/json, text/plain", strings.Repeat("a", 4000)+"/b", "application/x-www-form-urlencoded", "application/vnd.a+json", "text/html; a=b; a=c")
	body := []byte(pick(random, `{"mark":"m"}`, "mark=m", "<mark>m</mark>", "\x1f\x8b\x08\x00\x00\x00\x00\x00", ""))
	var more []string
	if random.IntN(3) == 0 {
		more = append(more, pick(random, "Content-Encoding: gzip", "Content-Encoding: br", "Content-Type: text/plain", "X-HTTP-Method-Override: DELETE", "Expect: 100-continue", "Upgrade: websocket", "Accept: \x01", "Accept-Encoding: "+strings.Repeat("gzip,", 500)))
	}
	return hostileInput{name: t.path + " type " + kind, head: t.head(kind, len(body), more...), body: body, cut: len(more) > 0}
}

// hostileFraming is a request whose end is unclear, or that is too large.
func hostileFraming(random *rand.Rand) hostileInput {
	t := pick(random, targets()...)
	big := pick(random, 5<<20, 11<<20) // more than any address takes
	switch random.IntN(9) {
	case 0:
		return hostileInput{name: t.path + " too large", head: t.head(t.kind, big), body: bytes.Repeat([]byte(" "), big), want: []int{400, 401, 413}}
	case 1:
		return hostileInput{name: t.path + " says to be too large", head: t.head(t.kind, 1<<40), body: []byte("{}"), want: []int{400, 401, 413}}
	case 2:
		return hostileInput{name: t.path + " two lengths", head: t.head(t.kind, 2, "Content-Length: 3"), body: []byte("{} "), cut: true, want: []int{400}}
	case 3:
		return hostileInput{name: t.path + " length and chunks", head: t.head(t.kind, 2, "Transfer-Encoding: chunked"), body: []byte("2\r\n{}\r\n0\r\n\r\n"), cut: true, want: []int{400, 413}}
	case 4:
		return hostileInput{name: t.path + " bad chunks", head: t.head(t.kind, -1, "Transfer-Encoding: chunked"), body: []byte(pick(random, "zz\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n")), cut: true}
	case 5:
		body := bytes.Repeat([]byte("10000\r\n"+strings.Repeat(" ", 1<<16)+"\r\n"), big>>16+1)
		return hostileInput{name: t.path + " too many chunks", head: t.head(t.kind, -1, "Transfer-Encoding: chunked"), body: append(body, "0\r\n\r\n"...), cut: true, want: []int{400, 401, 413}}
	case 6:
		return hostileInput{name: t.path + " a negative length", head: t.head(t.kind, -1, "Content-Length: "+pick(random, "-1", "+2", "0x2", "2 ", "99999999999999999999999", "")), body: []byte("{}"), cut: true}
	case 7:
		return hostileInput{name: t.path + " large headers", head: t.head(t.kind, 2, "X-A: "+strings.Repeat("a", pick(random, 5000, 9000, 100_000))), body: []byte("{}"), cut: true}
	}
	return hostileInput{name: t.path + " many headers", head: t.head(t.kind, 2, strings.Split(strings.Repeat("X-A: b\n", pick(random, 200, 3000))+"X-B: c", "\n")...), body: []byte("{}"), cut: true}
}

// hostileAddress is an address that is none.
func hostileAddress(random *rand.Rand) hostileInput {
	path := pick(random, "/hooks/../../etc/passwd", "/hooks/%2e%2e/%2e%2e/x", "//hooks/take", "/hooks/take/", "/hooks/take%00", "/hooks/%ff%fe", "/hooks/take;a=b", "/HOOKS/take", "/hooks/"+strings.Repeat("a", 7000),
		"/api/"+strings.Repeat("a/", 2000)+":list", "/api/sources:list/%", "/api/sources:get?filterByTk=", "/api/sources:get?filterByTk=99999999999999999999", "/api/sources:destroy?filterByTk=-1", "/api/executions:get/'", "/api/executions:get/-1",
		"*", "http://other.example/hooks/take", "/workflows/%c0%ae", "/static/../formrail.db", "/static/%2e%2e%2fformrail.db", "/tasks/%00", "/pages/x/forms/y", "/sign-in?next=//evil.example", "/executions?status=%00", "/?a=%", "/api:list", "/api/:", "/api/a:b:c")
	method := pick(random, "GET", "POST", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "G\x00T", strings.Repeat("A", 300))
	more := []string{}
	if random.IntN(2) == 0 {
		more = append(more, "Authorization: Bearer {token}")
	}
	if random.IntN(4) == 0 {
		more = append(more, pick(random, "Cookie: "+strings.Repeat("a=b;", 500), "Cookie: formrail_session=\x01", "X-Role: '", "X-Forwarded-For: 999.999.999.999", "Idempotency-Key: "+strings.Repeat("k", 3000), "X-Timezone: ../../x", "Accept-Language: "+strings.Repeat("a-", 1000), "Range: bytes=0-,0-,0-"))
	}
	head := strings.Join(append([]string{method + " " + path + " HTTP/1.1", "Host: {host}", "Connection: close", "Accept: application/json"}, more...), "\r\n")
	return hostileInput{name: "address " + method + " " + path[:min(60, len(path))], head: head, cut: true}
}

// hostileQuery asks for a list in a way that costs too much, or makes no sense.
func hostileQuery(random *rand.Rand) hostileInput {
	depth := pick(random, 5, 100, 600)
	filter := pick(random,
		strings.Repeat(`{"$and":[`, depth)+`{"mark":"x"}`+strings.Repeat(`]}`, depth),
		`{"$or":[`+strings.Repeat(`{"mark":"x"},`, depth)+`{}]}`,
		`{"mark":{"$in":[`+strings.Repeat(`"x",`, depth)+`"y"]}}`,
		`{"mark":{"$regex":"(a+)+$"}}`, `{"mark":{"$includes":"%_\\%"}}`, `{"mark":{"$like":"`+strings.Repeat("%a", depth)+`"}}`, `{"mark":{"$gt":{"$gt":1}}}`, `{"$not":null}`, `{"nothing":1}`, `[]`, `1`, `{`, "\x00", `{"mark":"\u0000"}`, `{"created_at":{"$dateOn":"99999-99-99"}}`, `{"id":1e400}`)
	query := url.Values{"filter": {filter}}
	for name, values := range map[string][]string{
		"sort": {"-", "mark,-mark,mark", "nothing", "id;drop", strings.Repeat("mark,", 200), "\x00"}, "pageSize": {"-1", "0", "99999999999", "1e9", "x"}, "page": {"-5", "99999999999999999999", "1000000000", "x"},
		"fields": {"*", "mark.mark.mark", strings.Repeat("mark,", 500), "../x"}, "appends": {"created_by.created_by.created_by", "x", strings.Repeat("created_by,", 200)}, "except": {"id"}, "cursor": {"x", "-1"}, "timezone": {"../../etc/passwd", "x"},
	} {
		if random.IntN(3) == 0 {
			query.Set(name, pick(random, values...))
		}
	}
	path := "/api/" + pick(random, "sources:list", "effects:list", "sources:count", "sources:aggregate", "executions:list", "tasks:list", "triggerLog:list", "workflows:list", "events:list", "sources:export") + "?" + query.Encode()
	head := strings.Join([]string{"GET " + path + " HTTP/1.1", "Host: {host}", "Connection: close", "Authorization: Bearer {token}"}, "\r\n")
	return hostileInput{name: "query " + path[:min(80, len(path))], head: head, cut: len(head) > 7000}
}
