// Package account says who may use the console, and what each person may do there.
//
// Accounts lie in accounts.db (SQLite) of the console's folder. What a person knows is kept as an argon2id hash (RFC 9106);
// what a browser or a program holds (session, device, token) as the SHA-256 of a random value, so that a copy of the file
// opens nothing. Every change is put on the record before it is made, under the name of who made it.
//
// Guessing. A guess is paid for before it is looked at, from a budget of one hour:
//
//	browser not known   ► 60 an account, 300 an address
//	browser known       ► 10 a browser, 40 an account; it is known by a cookie from an earlier sign-in to this account
//
// So nobody tries more than 100 passwords an hour on an account, whatever the number of addresses, and the person whom the
// account belongs to still gets in from a browser that was used before. A name that does not exist has the same budgets, costs
// the same time and is answered in the same words.
package account
