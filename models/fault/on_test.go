//go:build faults

package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/fault"
)

// TestMain turns the test binary into a child that hits one point three times and
// says after each what it got.
func TestMain(m *testing.M) {
	if os.Getenv("FAULT_CHILD") == "" {
		os.Exit(m.Run())
	}
	for range 3 {
		err := fault.Hit("a.after")
		fmt.Println(errors.Is(err, fault.ErrInjected))
	}
}

func child(t *testing.T, setting string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = []string{"FAULT_CHILD=1", "FORMRAIL_FAULT=" + setting}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.Join(strings.Fields(out.String()), " "), err
}

func TestHit_ActsAtTheNthHitOnly(t *testing.T) {
	t.Parallel()
	require.True(t, fault.Active())
	for _, action := range []string{"error", "lie"} {
		out, err := child(t, "x:kill:1,a.after:"+action+":2")
		require.NoError(t, err)
		require.Equal(t, "false true false", out)
	}
	out, err := child(t, "")
	require.NoError(t, err)
	require.Equal(t, "false false false", out)
}

func TestHit_KillsPanicsAndHangs(t *testing.T) {
	t.Parallel()
	out, err := child(t, "a.after:kill:2")
	require.EqualError(t, err, "signal: killed")
	require.Equal(t, "false", out)
	out, err = child(t, "a.after:panic:1")
	require.Error(t, err)
	require.Contains(t, out, "panic: fault: a.after")
	out, err = child(t, "a.after:hang:3")
	require.Error(t, err)
	require.Contains(t, out, "false false")
}

func TestHit_RefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"a.after", "a.after:kill", "a.after:burn:1", "a.after:kill:0", ":kill:1"} {
		out, err := child(t, setting)
		require.Error(t, err)
		require.Contains(t, out, "panic: FORMRAIL_FAULT:")
	}
}
