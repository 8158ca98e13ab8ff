#pragma once

#include <span>
#include <vector>

/// The linear assignment problem: one column for each row so that the costs of the chosen entries
/// sum to the least (or the most) possible. Shortest augmenting paths with potentials, as in
/// Crouse, "On implementing 2D rectangular assignment algorithms" (2016), O(n^3). Equal solutions
/// are chosen between as SciPy's linear_sum_assignment does, on which the official evaluators rely.
namespace tessera {

/// `costs` is [rows, columns], row by row. Returns the column of each row, -1 for a row without one
/// (there are such rows exactly when rows > columns). +infinity forbids an entry; Error when costs
/// hold NaN or -infinity, or when the forbidden entries leave no assignment.
std::vector<int> assign_minimum(std::span<const double> costs, int rows, int columns);

/// The same for the largest sum; -infinity forbids an entry.
std::vector<int> assign_maximum(std::span<const double> gains, int rows, int columns);

}  // namespace tessera
