#include "train/data/image.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/files.hpp"

namespace autonba {
namespace {

/// Whether JPEG data stops before its end-of-image marker FF D9. Inside a scan FF is always followed by 00 or a restart
/// marker, so a marker after the last start of scan (FF DA) is the image's own, not that of an embedded preview.
/// Decoders fill the missing part with grey and do not complain.
bool is_truncated_jpeg(std::string_view bytes) {
  const std::size_t scan = bytes.rfind("\xff\xda");
  const std::size_t end = bytes.rfind("\xff\xd9");
  return end == std::string_view::npos || scan == std::string_view::npos || end < scan;
}

/// BGR, as OpenCV orders channels, or grey.
cv::Mat decode(const std::filesystem::path& file, int channels) {
  std::string bytes = read_file(file);
  const bool is_jpeg = bytes.starts_with("\xff\xd8\xff");
  if (!is_jpeg && !bytes.starts_with("\x89PNG\r\n\x1a\n")) {  // OpenCV would try many a format
    throw input_error("{}: is neither a JPEG nor a PNG image ({} bytes)", file.string(), bytes.size());
  }
  if (is_jpeg && is_truncated_jpeg(bytes)) {
    throw input_error("{}: the JPEG data end early, before the end-of-image marker; fetch the file again",
                      file.string());
  }
  std::string reason = "its data are damaged or end early";
  try {
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, bytes.data());
    cv::Mat image = cv::imdecode(buffer, channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
    if (!image.empty()) {
      return image;
    }
  } catch (const cv::Exception& error) {
    reason = error.err;
  }
  throw input_error("{}: the image cannot be decoded: {} ({} bytes); fetch the file again", file.string(), reason,
                    bytes.size());
}

/// The loader has threads of its own; OpenCV's would only compete with them.
void keep_opencv_in_one_thread() {
  static const bool done = [] {
    cv::setNumThreads(0);
    return true;
  }();
  static_cast<void>(done);
}

cv::Mat resized(const cv::Mat& image, int height, int width) {
  keep_opencv_in_one_thread();
  cv::Mat result;
  const bool shrinks = height < image.rows || width < image.cols;
  cv::resize(image, result, cv::Size(width, height), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

std::vector<std::uint8_t> copy_pixels(const cv::Mat& image) {
  const cv::Mat whole = image.isContinuous() ? image : image.clone();
  return {whole.data, whole.data + whole.total() * whole.elemSize()};
}

std::vector<std::uint8_t> copy_as_rgb(const cv::Mat& image) {
  if (image.channels() == 1) {
    return copy_pixels(image);
  }
  cv::Mat rgb;
  cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
  return copy_pixels(rgb);
}

cv::Mat resized_random_part(const cv::Mat& image, const ImageShape& shape, Rng& rng) {
  const Part part = draw_part(image.rows, image.cols, rng);
  return resized(image(cv::Rect(part.left, part.top, part.width, part.height)), shape.height, shape.width);
}

}  // namespace

std::size_t pixel_count(const ImageShape& shape) {
  return static_cast<std::size_t>(shape.channels) * shape.height * shape.width;
}

std::vector<std::uint8_t> load_image(const std::filesystem::path& file, const ImageShape& shape) {
  const cv::Mat image = decode(file, shape.channels);
  const double scale = static_cast<double>(shape.shorter_side) / std::min(image.rows, image.cols);
  const int height = std::max(shape.height, static_cast<int>(std::lround(image.rows * scale)));
  const int width = std::max(shape.width, static_cast<int>(std::lround(image.cols * scale)));
  constexpr std::int64_t most_pixels = 1 << 26;
  if (std::int64_t{height} * width > most_pixels) {
    throw input_error("{}: the image is {} pixels high and {} wide; so narrow a one cannot be enlarged to {} pixels",
                      file.string(), image.rows, image.cols, shape.shorter_side);
  }
  const cv::Rect centre((width - shape.width) / 2, (height - shape.height) / 2, shape.width, shape.height);
  return copy_as_rgb(resized(image, height, width)(centre));
}

std::vector<std::uint8_t> load_random_part(const std::filesystem::path& file, const ImageShape& shape, Rng& rng) {
  return copy_as_rgb(resized_random_part(decode(file, shape.channels), shape, rng));
}

std::vector<std::uint8_t> random_part(std::span<const std::uint8_t> pixels, const ImageShape& shape, Rng& rng) {
  // A Mat cannot hold const data; this one is only read.
  const cv::Mat image(shape.height, shape.width, CV_8UC(shape.channels), const_cast<std::uint8_t*>(pixels.data()));
  return copy_pixels(resized_random_part(image, shape, rng));
}

Part draw_part(int height, int width, Rng& rng) {
  constexpr double least_area = 0.08;
  constexpr double least_ratio = 3.0 / 4.0;
  constexpr double largest_ratio = 4.0 / 3.0;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = (least_area + (1 - least_area) * uniform(rng)) * height * width;
    const double ratio = std::exp(std::log(least_ratio) + std::log(largest_ratio / least_ratio) * uniform(rng));
    const int part_width = static_cast<int>(std::lround(std::sqrt(area * ratio)));
    const int part_height = static_cast<int>(std::lround(std::sqrt(area / ratio)));
    if (part_width >= 1 && part_width <= width && part_height >= 1 && part_height <= height) {
      const int top = static_cast<int>(uniform_index(rng, height - part_height + 1));
      const int left = static_cast<int>(uniform_index(rng, width - part_width + 1));
      return {top, left, part_height, part_width};
    }
  }
  const int part_width = std::clamp(static_cast<int>(std::lround(height * largest_ratio)), 1, width);
  const int part_height = std::clamp(static_cast<int>(std::lround(width / least_ratio)), 1, height);
  return {(height - part_height) / 2, (width - part_width) / 2, part_height, part_width};
}

}  // namespace autonba
