package expr

import "sync"

// predicates are the functions whose second argument is evaluated for each element.
//
//nolint:gochecknoglobals // built once, never changed
var predicates = sync.OnceValue(func() map[string]predicate {
	return map[string]predicate{
		"all":  {"all(list, condition)", "Whether every element meets the condition.", quantify(false, false, true)},
		"any":  {"any(list, condition)", "Whether at least one element meets the condition.", quantify(true, true, false)},
		"none": {"none(list, condition)", "Whether no element meets the condition.", quantify(true, false, true)},
		"one":  {"one(list, condition)", "Whether exactly one element meets the condition.", exactlyOne},
		"filter": {
			"filter(list, condition)", "The elements that meet the condition.",
			func(it iteration) (any, error) { return it.filter() },
		},
		"map":           {"map(list, expression)", "The expression for each element.", func(it iteration) (any, error) { return it.values() }},
		"count":         {"count(list, condition?)", "How many elements meet the condition.", countMatches},
		"sum":           {"sum(list, expression?)", "The sum of the numbers; nothing counts as 0.", sumOf},
		"find":          {"find(list, condition)", "The first element that meets the condition.", finder(false, false)},
		"findIndex":     {"findIndex(list, condition)", "The position of the first element that meets the condition.", finder(false, true)},
		"findLast":      {"findLast(list, condition)", "The last element that meets the condition.", finder(true, false)},
		"findLastIndex": {"findLastIndex(list, condition)", "The position of the last element that meets the condition.", finder(true, true)},
		"groupBy":       {"groupBy(list, expression)", "An object with a list of elements for each value of the expression.", groupBy},
		"sortBy":        {`sortBy(list, expression, "desc"?)`, "The elements in the order of the expression.", sortBy},
		"reduce":        {"reduce(list, expression, start?)", "Folds the list: #acc is the result so far, # the element.", nil},
	}
})

// quantify stops at the first element whose answer is stop and then gives found,
// otherwise rest.
func quantify(stop, found, rest bool) func(iteration) (any, error) {
	return func(it iteration) (any, error) {
		for i := range it.list {
			yes, err := it.yes(i)
			if err != nil {
				return nil, err
			}
			if yes == stop {
				return found, nil
			}
		}
		return rest, nil
	}
}

func (it iteration) matches() (n int64, err error) {
	for i := range it.list {
		yes, err := it.yes(i)
		if err != nil {
			return 0, err
		}
		if yes {
			n++
		}
	}
	return n, nil
}

func exactlyOne(it iteration) (any, error) {
	n, err := it.matches()
	return n == 1, err
}

func countMatches(it iteration) (any, error) {
	n, err := it.matches()
	return n, err
}

func (it iteration) filter() ([]any, error) {
	out, err := it.run.newList(len(it.list))
	if err != nil {
		return nil, err
	}
	for i, e := range it.list {
		yes, err := it.yes(i)
		if err != nil {
			return nil, err
		}
		if yes {
			out = append(out, e)
		}
	}
	return out, nil
}

func (it iteration) values() ([]any, error) {
	out, err := it.run.newList(len(it.list))
	if err != nil {
		return nil, err
	}
	for i := range it.list {
		v, err := it.body(i)
		if err != nil {
			return nil, err
		}
		out = append(out, outward(v))
	}
	return out, nil
}

func sumOf(it iteration) (any, error) {
	values, err := it.values()
	if err != nil {
		return nil, err
	}
	return it.run.sum(values)
}

func finder(last, position bool) func(iteration) (any, error) {
	return func(it iteration) (any, error) {
		for k := range it.list {
			i := k
			if last {
				i = len(it.list) - 1 - k
			}
			yes, err := it.yes(i)
			switch {
			case err != nil:
				return nil, err
			case yes && position:
				return int64(i), nil
			case yes:
				return it.list[i], nil
			}
		}
		if position {
			return int64(-1), nil
		}
		return nil, nil
	}
}

func groupBy(it iteration) (any, error) {
	out := map[string]any{}
	for i, e := range it.list {
		v, err := it.body(i)
		if err != nil {
			return nil, err
		}
		key, err := it.run.text(v)
		if err != nil {
			return nil, err
		}
		if err := it.run.alloc(64); err != nil {
			return nil, err
		}
		group, _ := out[key].([]any)
		out[key] = append(group, e)
	}
	return out, nil
}

func sortBy(it iteration) (any, error) {
	keys, err := it.values()
	if err != nil {
		return nil, err
	}
	return it.run.sortStable(it.list, keys)
}
