package kinesis_test

import "math/big"

// middle is the hash key halfway between two decimals.
func middle(from, to string) string {
	lo, _ := new(big.Int).SetString(from, 10)
	hi, _ := new(big.Int).SetString(to, 10)
	return lo.Add(lo, hi).Rsh(lo, 1).String()
}
