package engine

// CallbackToken is the token of the address of a step, reached or not.
func (e *Engine) CallbackToken(execution, node, path string) string {
	return e.callbackToken(address{execution, node, path})
}
