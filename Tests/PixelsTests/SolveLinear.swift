/// The solution of a small system of linear equations, by elimination: what kernels are held against.
func solveLinear(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
  var (a, b) = (matrix, right)
  for k in b.indices {
    for i in b.indices where i > k {
      let factor = a[i][k] / a[k][k]
      for j in b.indices { a[i][j] -= factor * a[k][j] }
      b[i] -= factor * b[k]
    }
  }
  for k in b.indices.reversed() {
    for j in b.indices where j > k { b[k] -= a[k][j] * b[j] }
    b[k] /= a[k][k]
  }
  return b
}
