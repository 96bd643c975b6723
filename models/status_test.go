package models_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

// machine is one kind of row whose state changes along arrows.
type machine struct {
	title  string
	arrows models.Arrows
}

func machines() []machine {
	return []machine{
		{"Execution", models.ExecutionArrows()},
		{"Step", models.StepArrows()},
		{"Task", models.TaskArrows()},
		{"Wake-up", models.WakeupArrows()},
		{"Callback", models.CallbackArrows()},
		{"Schedule slot", models.SlotArrows()},
	}
}

// drawing is the part of the document between its heading and the next one.
func (m machine) drawing() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	word := func(s models.Status) string {
		if s == "" {
			return "[*]"
		}
		return string(s)
	}
	for _, from := range m.states() {
		for _, to := range m.arrows[from] {
			fmt.Fprintf(&b, "    %s --> %s\n", word(from), word(to))
		}
	}
	for _, s := range m.states() {
		if len(m.arrows[s]) == 0 {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// states lists the states in the order in which they are reached.
func (m machine) states() []models.Status {
	out := []models.Status{""}
	for i := 0; i < len(out); i++ {
		for _, to := range m.arrows[out[i]] {
			if !slices.Contains(out, to) {
				out = append(out, to)
			}
		}
	}
	return out
}

const stateDocument = "../docs/state_machine.md"

// between finds the drawing of a machine in the document.
func (m machine) between(t *testing.T, document string) (start, end int) {
	t.Helper()
	heading := strings.Index(document, "\n## "+m.title+"\n")
	require.GreaterOrEqual(t, heading, 0, "%s has no heading %q", stateDocument, m.title)
	start = strings.Index(document[heading:], "```mermaid\n")
	require.GreaterOrEqual(t, start, 0, "%s draws nothing under %q", stateDocument, m.title)
	start += heading
	end = strings.Index(document[start:], "\n```\n")
	require.GreaterOrEqual(t, end, 0)
	return start, start + end + len("\n```\n")
}

// With UPDATE_DOCS set, the test writes the drawings instead of comparing them.
func TestStatus_DocumentDrawsTheArrows(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(stateDocument)
	require.NoError(t, err)
	document := string(text)
	for _, m := range machines() {
		start, end := m.between(t, document)
		if os.Getenv("UPDATE_DOCS") != "" {
			document = document[:start] + m.drawing() + document[end:]
			continue
		}
		require.Equal(t, m.drawing(), document[start:end], "%s is out of date for %s; run: make generate", stateDocument, m.title)
	}
	if document != string(text) {
		require.NoError(t, os.WriteFile(stateDocument, []byte(document), 0o644))
	}
}

func TestStatus_EveryStateIsReachedFromTheStart(t *testing.T) {
	t.Parallel()
	for _, m := range machines() {
		reached := m.states()
		for from := range m.arrows {
			require.Contains(t, reached, from, "%s: no way leads to %s", m.title, from)
		}
	}
}

func TestStatus_FinalStatesOfAnExecutionAreLeftByNoArrow(t *testing.T) {
	t.Parallel()
	arrows := models.ExecutionArrows()
	for _, s := range machines()[0].states()[1:] {
		require.NotEqual(t, s.Live(), s.Final(), "%s is either live or final", s)
		require.Equal(t, s.Final(), len(arrows[s]) == 0, "%s", s)
	}
	require.True(t, arrows.Allows(models.Waiting, models.Running))
	require.False(t, arrows.Allows(models.Cancelled, models.Running))
	require.False(t, arrows.Allows("", models.Running), "an execution begins queued")
}
