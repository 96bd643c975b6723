package field_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

//nolint:paralleltest // it measures the memory of the process
func TestWeight_IsNotLessThanWhatValuesTake(t *testing.T) {
	for _, one := range []string{`{"a":1}`, `{}`, `[]`, `1`, `""`, `"text"`, `{"a":{"b":[1,2,3]}}`, `{"a":1,"b":2,"c":3,"d":4}`, `12.5`, `[[[]]]`} {
		text := []byte("[" + strings.Repeat(one+",", 20_000) + one + "]")
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		v, err := field.ParseJSON(text)
		require.NoError(t, err)
		runtime.GC()
		runtime.ReadMemStats(&after)
		took := int64(after.HeapAlloc) - int64(before.HeapAlloc)
		require.Less(t, took, field.Weight(text)+1<<20, one)
		runtime.KeepAlive(v)
	}
}
