//go:build !faults

package fault_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models/fault"
)

func TestHit_DoesNothingInOrdinaryBuilds(t *testing.T) {
	t.Setenv("FORMRAIL_FAULT", "a.before:error:1")
	require.NoError(t, fault.Hit("a.before"))
	require.False(t, fault.Active())
}
