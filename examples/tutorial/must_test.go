package tutorial_test

// must returns v. It panics on an error, which keeps the snippets short.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
