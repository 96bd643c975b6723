package engine

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

// Compiled is a definition made ready to run: nodes in document order with
// parent, branch and next sibling, decoded settings and compiled texts. It never
// changes and is safe for concurrent use.
type Compiled struct {
	Hash     string
	Trigger  *trigger.Type
	Settings trigger.Settings
	Listens  trigger.Listens
	Nodes    []*compiledNode // document order

	byKey    map[string]*compiledNode
	first    *compiledNode
	reads    []string        // nodes whose output some node reads, and the containers around them
	assigned map[string]bool // nodes whose value others change
	waits    bool

	misread bool // the settings of the trigger have problems
}

type compiledNode struct {
	part     *NodePart
	clean    bool // nothing is wrong with the node itself
	typ      *node.Type
	title    string
	settings node.Settings
	misread  bool // settings has problems
	trees    []settingTree
	branches []node.Branch
	first    map[string]*compiledNode // first node of each branch
	filled   []string                 // branches that have one
	parent   *compiledNode
	branch   string // of parent
	next     *compiledNode
	refs     []expr.Reference // that settings read
	inner    []expr.Reference // of these, those that are read inside a pass of its own
	timeout  time.Duration
	retry    retryPolicy
	unknown  node.Unknown // what to do about an attempt whose outcome nobody knows
}

// settingTree is one setting that is resolved at run time.
type settingTree struct {
	name string
	tree *expr.Tree
}

// registry holds the node and trigger types of the product.
type registry struct {
	nodes    map[string]*node.Type
	triggers map[string]*trigger.Type
	order    []*node.Type
}

func newRegistry(nodes []*node.Type, triggers []*trigger.Type) *registry {
	r := &registry{nodes: map[string]*node.Type{}, triggers: map[string]*trigger.Type{}, order: nodes}
	for _, t := range nodes {
		if r.nodes[t.Key] != nil {
			panic("two node types have the key " + t.Key)
		}
		r.nodes[t.Key] = t
	}
	for _, t := range triggers {
		if r.triggers[t.Key] != nil {
			panic("two trigger types have the key " + t.Key)
		}
		r.triggers[t.Key] = t
	}
	return r
}

// triggerIs reports whether a trigger type exists and is of some kind.
func (r *registry) triggerIs(key string, kind func(*trigger.Type) bool) bool {
	t, ok := r.triggers[key]
	return ok && kind(t)
}

// normal brings the settings of the trigger into the form in which they are stored.
func (r *registry) normal(d *Definition) {
	t := r.triggers[d.Trigger.Type]
	if t == nil {
		return
	}
	for _, f := range t.Config {
		if v := d.Trigger.Config[f.Name]; v != nil {
			d.Trigger.Config[f.Name] = f.Normal(v)
		}
	}
}

// compiler collects all problems of a definition.
type compiler struct {
	reg      *registry
	before   *Compiled // of almost the same definition; its unchanged nodes are taken over
	problems field.Problems
	out      *Compiled
}

// compile makes a definition ready. The problems hold every finding that needs
// no knowledge of collections; a definition with problems must not run.
func (r *registry) compile(d *Definition, hash string) (*Compiled, field.Problems) {
	return r.recompile(d, hash, &Compiled{})
}

// recompile is compile with the help of what was compiled before of almost the same
// definition.
func (r *registry) recompile(d *Definition, hash string, before *Compiled) (*Compiled, field.Problems) {
	c := &compiler{reg: r, before: before, out: &Compiled{Hash: hash, byKey: map[string]*compiledNode{}, assigned: map[string]bool{}}}
	c.trigger(d.Trigger)
	c.out.first = c.list(d.Nodes, nil, "")
	read := map[string]bool{}
	for _, n := range c.out.Nodes {
		for _, ref := range n.refs {
			if ref.Root != "nodes" || len(ref.Path) == 0 {
				continue
			}
			for of := c.out.byKey[ref.Path[0]]; of != nil && !read[of.part.Key]; of = of.parent {
				read[of.part.Key] = of.part.Key == ref.Path[0] || of.typ.CanResume()
			}
		}
		if target := n.typ.Assigns(n.settings); target != "" {
			c.out.assigned[target] = true
		}
	}
	for _, n := range c.out.Nodes {
		if read[n.part.Key] {
			c.out.reads = append(c.out.reads, n.part.Key)
		}
		c.out.waits = c.out.waits || n.typ.Waits
	}
	return c.out, c.problems
}

func (c *compiler) trigger(part TriggerPart) {
	t, ok := c.reg.triggers[part.Type]
	if !ok {
		c.problems.Add("trigger.type", "DEFINITION_INVALID", text.M("definition.trigger_type", "There is no trigger type %s.", part.Type))
		return
	}
	s, problems := t.Decode(part.Config)
	c.add("trigger", problems)
	c.out.Trigger, c.out.Settings, c.out.misread = t, s, len(problems) > 0
	c.out.Listens = t.Listens(s)
}

func (c *compiler) add(where string, problems field.Problems) {
	for _, p := range problems {
		p.Field = join(where, p.Field)
		c.problems = append(c.problems, p)
	}
}

// list compiles one list of nodes and gives its first.
func (c *compiler) list(parts []*NodePart, parent *compiledNode, branch string) *compiledNode {
	var first, last *compiledNode
	for _, part := range parts {
		n := c.node(part, parent, branch)
		if n == nil {
			continue
		}
		if first == nil {
			first = n
		} else {
			last.next = n
		}
		last = n
	}
	return first
}

func (c *compiler) node(part *NodePart, parent *compiledNode, branch string) *compiledNode {
	typ, ok := c.reg.nodes[part.Type]
	if !ok {
		c.problems.Add(join(part.Key, "type"), "DEFINITION_INVALID", text.M("definition.node_type", "There is no step type %s.", part.Type))
		return nil
	}
	n := &compiledNode{part: part, typ: typ, title: part.titleOf(typ.Title), parent: parent, branch: branch, first: map[string]*compiledNode{}}
	c.out.Nodes = append(c.out.Nodes, n)
	c.out.byKey[part.Key] = n
	if !c.takeOver(n) {
		found := len(c.problems)
		c.settings(n)
		n.clean = len(c.problems) == found
	}
	for _, b := range part.Branches {
		if !slices.ContainsFunc(n.branches, func(o node.Branch) bool { return o.Key == b.Key }) {
			c.problems.Add(join(part.Key, b.Key), "DEFINITION_INVALID", text.M("definition.branch_unknown", "%s has no branch %s.", n.title, b.Key))
			continue
		}
		if first := c.list(b.Nodes, n, b.Key); first != nil {
			n.first[b.Key] = first
			n.filled = append(n.filled, b.Key)
		}
	}
	return n
}

// settings reads everything about a node that does not depend on others.
func (c *compiler) settings(n *compiledNode) {
	var problems field.Problems
	n.settings, problems = n.typ.Decode(n.part.Config)
	n.misread = len(problems) > 0
	c.add(n.part.Key, problems)
	c.texts(n)
	n.branches = n.typ.Branches(n.settings)
	if n.part.OnError == "branch" {
		n.branches = append(slices.Clone(n.branches), node.Branch{Key: errorBranch, Title: "Error"})
	}
	c.policies(n)
}

// takeOver takes the settings of a node from what was compiled before, when they are the
// same and nothing was wrong with them.
func (c *compiler) takeOver(n *compiledNode) bool {
	was := c.before.byKey[n.part.Key]
	if was == nil || !was.clean || was.typ != n.typ || was.part.OnError != n.part.OnError || was.part.Timeout != n.part.Timeout ||
		!reflect.DeepEqual(was.part.Retry, n.part.Retry) || !reflect.DeepEqual(was.part.Config, n.part.Config) {
		return false
	}
	n.clean, n.settings, n.trees, n.refs, n.inner, n.branches = true, was.settings, was.trees, was.refs, was.inner, was.branches
	c.policies(n)
	return true
}

func (c *compiler) policies(n *compiledNode) {
	n.timeout = defaultTimeout(n.typ.Effect)
	own := n.typ.Policy(n.settings)
	if own.Timeout > 0 {
		n.timeout = min(own.Timeout, maxTimeout)
	}
	if n.part.Timeout != "" {
		if span, err := field.ParseDuration(n.part.Timeout); err == nil {
			n.timeout = span.Approximate()
		}
	}
	if n.timeout > maxTimeout {
		c.problems.Add(join(n.part.Key, "timeout"), "DEFINITION_INVALID", text.M("definition.timeout", "One attempt may take 10 minutes at most."))
	}
	if policy, err := parseRetry(n.part.Retry); err == nil {
		n.retry = policy
	}
	if n.part.Retry == nil && n.typ.Effect == node.External {
		n.retry = externalRetry()
		if own.Once {
			n.retry.attempts = 1
		}
	}
	if n.unknown = node.Unknown(n.part.OnUnknown); n.unknown == "" {
		if n.unknown = n.typ.Unknown; own.Once {
			n.unknown = node.AskUnknown
		}
	}
}

// texts compiles the settings that are resolved at run time and collects the
// variables that all settings read.
func (c *compiler) texts(n *compiledNode) {
	if target := n.typ.Assigns(n.settings); target != "" {
		n.refs = append(n.refs, expr.Reference{Root: "nodes", Path: []string{target}})
	}
	for _, f := range n.typ.Config {
		raw, ok := n.part.Config[f.Name]
		if !ok || raw == nil {
			continue
		}
		known := len(n.refs)
		c.text(n, f, raw)
		if n.typ.ReadInside(f.Name) {
			n.inner = append(n.inner, n.refs[known:]...)
		}
	}
}

// text compiles one setting.
func (c *compiler) text(n *compiledNode, f field.Field, raw any) {
	where := join(n.part.Key, f.Name)
	switch {
	case f.Kind == field.Condition:
		if cond, err := expr.CompileCondition(raw); c.syntax(where, err) {
			n.refs = append(n.refs, cond.References()...)
		}
	case f.Kind == field.Cases:
		c.cases(n, where, raw)
	case f.Kind == field.Expression:
		c.expression(n, where, raw)
	case f.Resolves() && field.HasTemplate(raw):
		tree, err := expr.CompileTree(raw)
		if c.syntax(where, err) {
			n.trees = append(n.trees, settingTree{name: f.Name, tree: tree})
			n.refs = append(n.refs, tree.References()...)
		}
	}
}

// cases reads the conditions of a list of cases.
func (c *compiler) cases(n *compiledNode, where string, raw any) {
	list, _ := raw.([]any)
	for i, one := range list {
		entry, _ := one.(map[string]any)
		cond, err := expr.CompileCondition(entry["when"])
		if c.syntax(join(where, strconv.Itoa(i)+".when"), err) {
			n.refs = append(n.refs, cond.References()...)
		}
	}
}

// expression reads an expression setting; with engine template it is a text.
func (c *compiler) expression(n *compiledNode, where string, raw any) {
	source, ok := raw.(string)
	if !ok {
		c.problems.Add(where, "DEFINITION_INVALID", text.M("definition.not_text", "%s must be text.", "expression"))
		return
	}
	if n.part.Config["engine"] == "template" {
		if t, err := expr.CompileTemplate(source); c.syntax(where, err) {
			n.refs = append(n.refs, t.References()...)
		}
		return
	}
	if p, err := expr.Compile(source); c.syntax(where, err) {
		n.refs = append(n.refs, p.References()...)
	}
}

// syntax reports a mistake in a text, unless the setting reported it already. It
// is true when there is none.
func (c *compiler) syntax(where string, err error) bool {
	if err == nil {
		return true
	}
	if slices.ContainsFunc(c.problems, func(p field.Problem) bool { return p.Field == where }) {
		for i, p := range c.problems {
			if p.Field == where {
				c.problems[i] = syntaxProblem(where, err)
			}
		}
		return false
	}
	c.problems = append(c.problems, syntaxProblem(where, err))
	return false
}

// cache keeps compiled versions by hash.
type cache struct {
	mu     sync.Mutex
	byHash map[string]*Compiled
}

// maxCompiled bounds the cache; a version that was dropped compiles again in
// milliseconds.
const maxCompiled = 2000

func (c *cache) get(hash string) *Compiled {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byHash[hash]
}

func (c *cache) put(v *Compiled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byHash == nil || len(c.byHash) >= maxCompiled {
		c.byHash = map[string]*Compiled{}
	}
	c.byHash[v.Hash] = v
}

// compiledVersion gives the compiled form of a stored definition.
func (e *Engine) compiledVersion(hash, definition string) (*Compiled, error) {
	if c := e.compiled.get(hash); c != nil {
		return c, nil
	}
	d, err := ReadDefinition(definition)
	if err != nil {
		return nil, err
	}
	c, problems := e.registry.compile(d, hash)
	if len(problems) > 0 {
		return nil, fmt.Errorf("compile version %s: %s: %s", hash[:8], problems[0].Field, problems[0].Message)
	}
	e.compiled.put(c)
	return c, nil
}
