// Package name deals with the names of files, which are as hostile as their content: they arrive in any encoding, they
// can show another type than they have, and a program may run what they name.
//
// Clean makes a name that every system stores and that reads as what it is. Hazard says which names must not pass
// whatever the content. Suspicious says which names nobody would give a file in good faith, for containers that can
// leave one file out. All three are pure functions and see one component of a path, never a path.
package name
