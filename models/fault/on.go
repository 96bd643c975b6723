//go:build faults

package fault

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// setting is one armed point.
type setting struct {
	action string
	at     int64
	hits   atomic.Int64
}

// armed reads the environment once. A setting that cannot be read panics: a test
// that arms nothing by mistake would prove nothing.
//
//nolint:gochecknoglobals // built once, never changed
var armed = sync.OnceValue(func() map[string]*setting {
	points, err := parse(os.Getenv("FORMRAIL_FAULT"))
	if err != nil {
		panic("FORMRAIL_FAULT: " + err.Error())
	}
	return points
})

// Hit marks a point and acts when its turn has come.
func Hit(name string) error {
	s, ok := armed()[name]
	if !ok || s.hits.Add(1) != s.at {
		return nil
	}
	switch s.action {
	case "kill":
		return kill()
	case "panic":
		panic("fault: " + name)
	case "hang":
		select {}
	}
	return fmt.Errorf("%s: %w", name, ErrInjected)
}

// Active reports whether points can act in this build.
func Active() bool { return true }

// kill ends the process without any clean-up: no deferred calls, no exit handlers.
func kill() error {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic("fault: kill: " + err.Error())
	}
	select {} // the signal is on its way
}

func parse(list string) (map[string]*setting, error) {
	out := map[string]*setting{}
	for _, one := range strings.Split(list, ",") {
		if one == "" {
			continue
		}
		parts := strings.Split(one, ":")
		if len(parts) != 3 || parts[0] == "" {
			return nil, fmt.Errorf("%q is not <point>:<action>:<n>", one)
		}
		n, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not the number of a hit", parts[2])
		}
		switch parts[1] {
		case "kill", "panic", "error", "lie", "hang":
		default:
			return nil, fmt.Errorf("%q is not an action", parts[1])
		}
		out[parts[0]] = &setting{action: parts[1], at: n}
	}
	return out, nil
}
