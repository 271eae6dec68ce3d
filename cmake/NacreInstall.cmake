include(NacreImages)

# The install tree: headers, both libraries, find_package(Nacre CONFIG) and pkg-config.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Nacre)
install(DIRECTORY include/nacre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS nacre_static nacre_shared EXPORT NacreTargets)
install(EXPORT NacreTargets NAMESPACE Nacre:: DESTINATION ${package_folder})

configure_package_config_file(cmake/NacreConfig.cmake.in NacreConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(NacreConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/NacreConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/NacreConfigVersion.cmake
  DESTINATION ${package_folder})

# The folder of nacre.pc knows where the tree is, so that the tree can be moved.
file(RELATIVE_PATH prefix_from_pc /usr/${CMAKE_INSTALL_LIBDIR}/pkgconfig /usr)
if(ONIGURUMA_FOUND)
  set(nacre_requires_oniguruma " oniguruma")
endif()
configure_file(cmake/nacre.pc.in nacre.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nacre.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})
