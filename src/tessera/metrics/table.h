#pragma once

#include <string>
#include <vector>

namespace tessera {

/// Rows of text under a header, as the official tools print them.
struct Table {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// Aligned columns: the first to the left, numbers to the right.
std::string to_text(const Table& table);

/// A number with that many decimals; "-" for NaN.
std::string format_number(double value, int decimals);
/// A fraction as percent.
std::string format_percent(double fraction, int decimals = 1);

}  // namespace tessera
