/// The standard error of a median of n Gaussian samples, in units of sigma / sqrt(n).
///
/// n = 3 to 10 are measured values; beyond, the limit sqrt(pi / 2) with its 1/n term (odd and even n differ
/// because an even median averages two samples). For n below 3 the median is the mean: 1.
public func medianErrorFactor(samples n: Int) -> Double {
  let measured = [1.157, 1.092, 1.196, 1.135, 1.215, 1.157, 1.222, 1.176]
  if n < 3 { return 1 }
  if n <= 10 { return measured[n - 3] }
  let limit = 1.2533141373155003
  return n % 2 == 1 ? limit * (1 - 0.22 / Double(n)) : limit * (1 - 0.64 / Double(n))
}
