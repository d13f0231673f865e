# What `cmake --install` puts in place for find_package(autonba): libraries, headers, configs/. Headers lie in
# include/autonba/FOLDER with include/autonba as the path, so that they are included as here: "FOLDER/header.hpp".
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/autonba)

foreach(folder base model accel explore)
  add_library(autonba::${folder} ALIAS autonba_${folder})
  set_target_properties(autonba_${folder} PROPERTIES EXPORT_NAME ${folder})
  install(TARGETS autonba_${folder} EXPORT autonba INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/autonba)
  # Headers of model/onnx/ need those of libonnx, and no other header includes them.
  install(DIRECTORY src/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/autonba
    FILES_MATCHING PATTERN *.hpp PATTERN onnx EXCLUDE)
endforeach()
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/autonba)

install(EXPORT autonba NAMESPACE autonba:: FILE autonbaTargets.cmake DESTINATION ${package})
write_basic_package_version_file(autonbaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/autonbaConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/autonbaConfigVersion.cmake DESTINATION ${package})

# In this build, find_package(autonba) of examples/ finds the targets that are here already.
file(WRITE ${CMAKE_FIND_PACKAGE_REDIRECTS_DIR}/autonba-config.cmake "")
file(COPY_FILE ${CMAKE_CURRENT_BINARY_DIR}/autonbaConfigVersion.cmake
  ${CMAKE_FIND_PACKAGE_REDIRECTS_DIR}/autonba-config-version.cmake)
