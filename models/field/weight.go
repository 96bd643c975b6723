package field

// What a value takes in memory once it was read, estimated in bytes.
const (
	objectWeight = 352 // with up to eight members
	listWeight   = 64
	valueWeight  = 56
)

// MaxWeight is how much a text from outside may weigh, see [Weight]: what is written in two
// bytes can take hundreds.
const MaxWeight = 48 << 20

// Weight estimates, without reading it, how many bytes of memory the values of a text take
// once they were read: JSON, or forms and XML, whose parts count like those of JSON.
func Weight[T ~string | ~[]byte](text T) int64 {
	n := int64(len(text))
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '<':
			n += objectWeight
		case c == '[':
			n += listWeight
		case c == ',', c == '&':
			n += valueWeight
		}
	}
	return n
}
