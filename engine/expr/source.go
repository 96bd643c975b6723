package expr

import (
	"strings"

	"formrail/models/text"
)

// prepared is a source in plain grammar: every {{ x }} and ${x} has become ( x ),
// character for character, so that positions stay what the designer sees.
type prepared struct {
	text    string
	aliases []span // characters that were inside ${ }
}

// span is a range of characters, the end excluded.
type span struct{ from, to int }

func (s span) holds(pos int) bool { return pos >= s.from && pos < s.to }

func prepare(source string, base int) (prepared, error) {
	if strings.IndexByte(source, '{') < 0 {
		return prepared{text: source}, nil
	}
	s := scanner{in: []rune(source)}
	var out prepared
	for s.i < len(s.in) {
		at := s.i
		kind := s.next()
		switch kind {
		case tokenString:
			body := string(s.in[at:s.i])
			if open := strings.Index(body, "{{"); open >= 0 && strings.Contains(body[open:], "}}") {
				return out, &SyntaxError{Code: CodeInQuotes, Position: base + at, Message: text.M("expr.in_quotes",
					"A variable inside quotes stays text. Write it without quotes and join it to the text with +.")}
			}
		case tokenOpenVariable, tokenOpenAlias:
			s.in[at], s.in[at+1] = ' ', '('
		case tokenCloseVariable:
			s.in[at], s.in[at+1] = ')', ' '
		case tokenCloseAlias:
			s.in[at] = ')'
			out.aliases = append(out.aliases, span{s.closed, at})
		}
	}
	if n := len(s.open); n > 0 && s.open[n-1].kind != tokenOpenBrace {
		return out, syntax(base+s.open[n-1].at, text.M("expr.unclosed", "A variable is opened but not closed."))
	}
	out.text = string(s.in)
	return out, nil
}

// token tells apart the parts of a source that matter before parsing.
type token int

const (
	tokenOther token = iota
	tokenString
	tokenOpenBrace
	tokenCloseBrace
	tokenOpenVariable  // {{
	tokenCloseVariable // }} that closes it
	tokenOpenAlias     // ${
	tokenCloseAlias    // } that closes it
)

type opened struct {
	kind token
	at   int
}

// scanner steps over a source, knowing strings, comments and nested braces.
type scanner struct {
	in     []rune
	i      int
	open   []opened
	closed int // where the bracket that was just closed had been opened
}

func (s *scanner) at(k int) rune {
	if s.i+k < len(s.in) {
		return s.in[s.i+k]
	}
	return 0
}

// next consumes one character or one of the listed tokens.
func (s *scanner) next() token {
	switch c := s.at(0); {
	case c == '"' || c == '\'' || c == '`':
		s.quoted(c)
		return tokenString
	case c == '/' && s.at(1) == '/':
		for s.i < len(s.in) && s.in[s.i] != '\n' {
			s.i++
		}
	case c == '/' && s.at(1) == '*':
		s.i += 2
		for s.i < len(s.in) && (s.in[s.i] != '*' || s.at(1) != '/') {
			s.i++
		}
		s.i = min(s.i+2, len(s.in))
	case c == '{' && s.at(1) == '{':
		return s.push(tokenOpenVariable, 2)
	case c == '$' && s.at(1) == '{':
		return s.push(tokenOpenAlias, 2)
	case c == '{':
		return s.push(tokenOpenBrace, 1)
	case c == '}':
		return s.pop()
	default:
		s.i++
	}
	return tokenOther
}

func (s *scanner) quoted(quote rune) {
	s.i++
	for s.i < len(s.in) && s.in[s.i] != quote {
		if s.in[s.i] == '\\' && quote != '`' {
			s.i++
		}
		s.i++
	}
	s.i = min(s.i+1, len(s.in))
}

func (s *scanner) push(kind token, width int) token {
	s.open = append(s.open, opened{kind, s.i})
	s.i += width
	return kind
}

func (s *scanner) pop() token {
	n := len(s.open)
	if n == 0 {
		s.i++
		return tokenOther // the parser reports it
	}
	top := s.open[n-1]
	if top.kind == tokenOpenVariable && s.at(1) != '}' {
		s.i++
		return tokenOther
	}
	s.open, s.closed = s.open[:n-1], top.at
	switch top.kind {
	case tokenOpenVariable:
		s.i += 2
		return tokenCloseVariable
	case tokenOpenAlias:
		s.i++
		return tokenCloseAlias
	}
	s.i++
	return tokenCloseBrace
}
