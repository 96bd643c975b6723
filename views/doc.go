// Package views is the root of everything that becomes HTML. Below it, a package
// per noun holds that noun's pages, layout the frames around them, ui the
// components of the design system, fields one component per kind of input, and
// urls every address. Views get shown values and decide nothing: no queries, no
// rights, no models.
package views
