# The install tree: headers, both libraries, find_package(Nacre CONFIG) and pkg-config.
include(CMakePackageConfigHelpers)
install(DIRECTORY include/nacre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS nacre_static nacre_shared EXPORT NacreTargets)
