#include "tessera/core/hungarian.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kNone = -1;

/// Assigns the rows of a matrix with rows <= columns one after the other.
class Solver {
 public:
  Solver(std::vector<double> costs, int rows, int columns)
      : costs_(std::move(costs)),
        columns_(columns),
        row_potential_(rows, 0.0),
        column_potential_(columns, 0.0),
        column_of_row_(rows, kNone),
        row_of_column_(columns, kNone),
        distance_(columns),
        previous_row_(columns),
        open_(columns) {}

  std::vector<int> solve() {
    for (int row = 0; row < static_cast<int>(column_of_row_.size()); ++row) assign(row);
    return std::move(column_of_row_);
  }

 private:
  void assign(int row) {
    const int sink = shortest_path(row);
    update_potentials(row);
    flip_path(row, sink);
  }

  /// Dijkstra over reduced costs from `start` to the nearest free column, which it returns.
  int shortest_path(int start) {
    std::fill(distance_.begin(), distance_.end(), kInfinity);
    // From the last column to the first, so that a constant matrix gives the identity.
    std::iota(open_.rbegin(), open_.rend(), 0);
    open_count_ = columns_;
    reached_ = 0.0;
    for (int row = start;;) {
      const int nearest = relax(row);
      reached_ = nearest == kNone ? kInfinity : distance_[open_[nearest]];
      if (reached_ == kInfinity) fail("the assignment has no solution: too many entries forbidden");
      const int column = open_[nearest];
      // Closed columns gather behind the open ones.
      std::swap(open_[nearest], open_[--open_count_]);
      if (row_of_column_[column] == kNone) return column;
      row = row_of_column_[column];
    }
  }

  /// Shortens distances through `row`; the place in open_ of the nearest column, a free one if
  /// several are as near.
  int relax(int row) {
    const double* costs = costs_.data() + static_cast<std::size_t>(row) * columns_;
    int nearest = kNone;
    double lowest = kInfinity;
    for (int place = 0; place < open_count_; ++place) {
      const int column = open_[place];
      const double distance =
          reached_ + costs[column] - row_potential_[row] - column_potential_[column];
      if (distance < distance_[column]) {
        previous_row_[column] = row;
        distance_[column] = distance;
      }
      if (distance_[column] < lowest ||
          (distance_[column] == lowest && row_of_column_[column] == kNone)) {
        lowest = distance_[column];
        nearest = place;
      }
    }
    return nearest;
  }

  void update_potentials(int start) {
    row_potential_[start] += reached_;
    for (int place = open_count_; place < columns_; ++place) {
      const int column = open_[place];
      const double slack = reached_ - distance_[column];
      if (row_of_column_[column] != kNone) row_potential_[row_of_column_[column]] += slack;
      column_potential_[column] -= slack;
    }
  }

  void flip_path(int start, int sink) {
    for (int column = sink, row = kNone; row != start;) {
      row = previous_row_[column];
      row_of_column_[column] = row;
      std::swap(column_of_row_[row], column);
    }
  }

  std::vector<double> costs_;
  int columns_;
  std::vector<double> row_potential_, column_potential_;
  std::vector<int> column_of_row_, row_of_column_;
  std::vector<double> distance_;   // of each column from the row being assigned
  std::vector<int> previous_row_;  // of each column on its shortest path
  std::vector<int> open_;          // columns: the first open_count_ are still open
  int open_count_ = 0;
  double reached_ = 0.0;  // the distance of the column closed last
};

/// Solves for `sign` times the entries.
std::vector<int> assign(std::span<const double> entries, int rows, int columns, double sign) {
  if (rows < 0 || columns < 0 || entries.size() != static_cast<std::size_t>(rows) * columns) {
    fail("assignment: {} entries given for {} rows and {} columns", entries.size(), rows, columns);
  }
  const bool transposed = rows > columns;
  std::vector<double> costs(entries.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const double cost = sign * entries[static_cast<std::size_t>(row) * columns + column];
      if (std::isnan(cost) || cost == -kInfinity) {
        fail("assignment: the entry in row {}, column {} is {}", row, column, sign * cost);
      }
      costs[transposed ? static_cast<std::size_t>(column) * rows + row
                       : static_cast<std::size_t>(row) * columns + column] = cost;
    }
  }
  if (!transposed) return Solver(std::move(costs), rows, columns).solve();
  const std::vector<int> row_of_column = Solver(std::move(costs), columns, rows).solve();
  std::vector<int> column_of_row(rows, kNone);
  for (int column = 0; column < columns; ++column) column_of_row[row_of_column[column]] = column;
  return column_of_row;
}

}  // namespace

std::vector<int> assign_minimum(std::span<const double> costs, int rows, int columns) {
  return assign(costs, rows, columns, 1.0);
}

std::vector<int> assign_maximum(std::span<const double> gains, int rows, int columns) {
  return assign(gains, rows, columns, -1.0);
}

}  // namespace tessera
